#include "api/admin/openapi.h"

namespace berth::admin {
namespace {

// One line an operation, a parameter, a schema.
constexpr std::string_view kDocument = R"json({"openapi":"3.1.0",
 "info":{"title":"Berth administration","version":"1","description":"Users, groups, robots, access tokens, access rules, garbage collection, retention, jobs, usage and quotas, repositories as a whole and checks of the stored bytes. For callers who may `admin`; where it says so, for users themselves."},
 "servers":[{"url":"/api/v1"}],
 "security":[{"basic":[]},{"bearer":[]}],
 "paths":{
  "/whoami":{
   "get":{"operationId":"getWhoami","summary":"Who the caller is","responses":{"200":{"description":"The caller","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Whoami"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/openapi.json":{
   "get":{"operationId":"getOpenapi","summary":"This document","responses":{"200":{"description":"OpenAPI 3.1"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/users":{
   "get":{"operationId":"listUsers","summary":"Users in order of their names","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Users"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "post":{"operationId":"createUser","summary":"Add a user","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NewUser"}}}},"responses":{"201":{"description":"The user","content":{"application/json":{"schema":{"$ref":"#/components/schemas/User"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/users/{user}":{
   "parameters":[{"$ref":"#/components/parameters/user"}],
   "get":{"operationId":"getUser","summary":"One user with his groups; also for himself","responses":{"200":{"description":"The user","content":{"application/json":{"schema":{"$ref":"#/components/schemas/User"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "patch":{"operationId":"changeUser","summary":"Set the password, disable or enable","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/UserChange"}}}},"responses":{"200":{"description":"The user","content":{"application/json":{"schema":{"$ref":"#/components/schemas/User"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "delete":{"operationId":"deleteUser","summary":"Remove a user, his tokens and memberships","responses":{"204":{"description":"Gone"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/users/{user}/tokens":{
   "parameters":[{"$ref":"#/components/parameters/user"}],
   "get":{"operationId":"listTokens","summary":"Personal access tokens of a user; also for himself","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Tokens"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "post":{"operationId":"createToken","summary":"Make a personal access token; also for himself","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NewToken"}}}},"responses":{"201":{"description":"The token with its secret, which is shown this once","content":{"application/json":{"schema":{"$ref":"#/components/schemas/CreatedToken"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/users/{user}/tokens/{token}":{
   "parameters":[{"$ref":"#/components/parameters/user"},{"$ref":"#/components/parameters/token"}],
   "delete":{"operationId":"deleteToken","summary":"Revoke a personal access token; also for himself","responses":{"204":{"description":"Gone"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/groups":{
   "get":{"operationId":"listGroups","summary":"Groups in order of their names","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Groups"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "post":{"operationId":"createGroup","summary":"Add a group","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NewGroup"}}}},"responses":{"201":{"description":"The group","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Group"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/groups/{group}":{
   "parameters":[{"$ref":"#/components/parameters/group"}],
   "get":{"operationId":"getGroup","summary":"One group","responses":{"200":{"description":"The group","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Group"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "delete":{"operationId":"deleteGroup","summary":"Remove a group","responses":{"204":{"description":"Gone"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/groups/{group}/members":{
   "parameters":[{"$ref":"#/components/parameters/group"}],
   "get":{"operationId":"listMembers","summary":"Members of a group","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Members"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/groups/{group}/members/{user}":{
   "parameters":[{"$ref":"#/components/parameters/group"},{"$ref":"#/components/parameters/user"}],
   "put":{"operationId":"addMember","summary":"Put a user into a group","responses":{"204":{"description":"Is in it"},"default":{"$ref":"#/components/responses/Error"}}},
   "delete":{"operationId":"removeMember","summary":"Take a user out of a group","responses":{"204":{"description":"Is out of it"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/robots":{
   "get":{"operationId":"listRobots","summary":"Robots in order of their names","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Robots"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "post":{"operationId":"createRobot","summary":"Make a robot","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NewRobot"}}}},"responses":{"201":{"description":"The robot with its secret, which is shown this once","content":{"application/json":{"schema":{"$ref":"#/components/schemas/CreatedRobot"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/robots/{robot}":{
   "parameters":[{"$ref":"#/components/parameters/robot"}],
   "get":{"operationId":"getRobot","summary":"One robot","responses":{"200":{"description":"The robot","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Robot"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "delete":{"operationId":"deleteRobot","summary":"Revoke a robot","responses":{"204":{"description":"Gone"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/robots/{robot}/rotate":{
   "parameters":[{"$ref":"#/components/parameters/robot"}],
   "post":{"operationId":"rotateRobot","summary":"Give a robot a new secret; the old one is worth nothing from then on","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Rotation"}}}},"responses":{"200":{"description":"The robot with its secret, which is shown this once","content":{"application/json":{"schema":{"$ref":"#/components/schemas/CreatedRobot"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/rules":{
   "get":{"operationId":"listRules","summary":"Access rules: those of the configuration (on the first page), then the stored ones in order","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Rules"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "post":{"operationId":"createRule","summary":"Add an access rule","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NewRule"}}}},"responses":{"201":{"description":"The rule","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Rule"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/rules/{rule}":{
   "parameters":[{"$ref":"#/components/parameters/rule"}],
   "delete":{"operationId":"deleteRule","summary":"Remove a stored access rule","responses":{"204":{"description":"Gone"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/explain":{
   "get":{"operationId":"explain","summary":"Which rule decides whether somebody may do something","parameters":[{"$ref":"#/components/parameters/who"},{"$ref":"#/components/parameters/action"},{"$ref":"#/components/parameters/repository"},{"$ref":"#/components/parameters/tag"}],"responses":{"200":{"description":"The answer","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Explanation"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/garbage-collections":{
   "post":{"operationId":"startGarbageCollection","summary":"Begin to remove what nothing uses, now; 405 if the registry is read-only, 503 if one is under way","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NewGarbageCollection"}}}},"responses":{"202":{"description":"It has begun","content":{"application/json":{"schema":{"$ref":"#/components/schemas/StartedGarbageCollection"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/garbage-collections/{run}":{
   "parameters":[{"$ref":"#/components/parameters/run"}],
   "get":{"operationId":"getGarbageCollection","summary":"How far the latest one is; it waits some seconds for whoever reads its outcomes","parameters":[{"$ref":"#/components/parameters/from"}],"responses":{"200":{"description":"It, with outcomes from that number on","content":{"application/json":{"schema":{"$ref":"#/components/schemas/GarbageCollection"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/checks":{
   "post":{"operationId":"startCheck","summary":"Begin to read the stored bytes again and to compare them with the records; 405 if a repair is asked for and the registry is read-only, 503 if one is under way","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NewCheck"}}}},"responses":{"202":{"description":"It has begun","content":{"application/json":{"schema":{"$ref":"#/components/schemas/StartedCheck"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/checks/{run}":{
   "parameters":[{"$ref":"#/components/parameters/run"}],
   "get":{"operationId":"getCheck","summary":"How far the latest one is","parameters":[{"$ref":"#/components/parameters/from"}],"responses":{"200":{"description":"It, with findings from that number on","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Check"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/retention/rules":{
   "get":{"operationId":"getRetentionRules","summary":"The retention rules of the configuration","responses":{"200":{"description":"The rules","content":{"application/json":{"schema":{"$ref":"#/components/schemas/RetentionRules"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/retention/plans":{
   "post":{"operationId":"planRetention","summary":"What the rules of the configuration, or those given, would delete and keep; 503 while another plan is being made","parameters":[{"name":"repository","in":"query","schema":{"type":"string"},"description":"this one alone; otherwise all that a delete rule is about"},{"name":"format","in":"query","schema":{"enum":["json","table","diff"],"default":"json"}},{"name":"lines","in":"query","schema":{"enum":["all","notable"],"default":"all"},"description":"notable: deletions, and what a delete rule wanted and did not get"}],"requestBody":{"required":false,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/RetentionRules"}}}},"responses":{"200":{"description":"The plan; with another format than json its id and a text","content":{"application/json":{"schema":{"$ref":"#/components/schemas/RetentionPlan"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/retention/plans/{plan}/apply":{
   "parameters":[{"$ref":"#/components/parameters/plan"}],
   "post":{"operationId":"applyRetention","summary":"Begin to carry out a plan; 409 if it would be another one now or retention is running, 405 if the registry is read-only","responses":{"202":{"description":"It has begun","content":{"application/json":{"schema":{"$ref":"#/components/schemas/StartedCheck"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/retention/runs/{run}":{
   "parameters":[{"$ref":"#/components/parameters/run"}],
   "get":{"operationId":"getRetentionRun","summary":"How far the latest applied plan is","responses":{"200":{"description":"It","content":{"application/json":{"schema":{"$ref":"#/components/schemas/RetentionRun"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/jobs":{
   "get":{"operationId":"listJobs","summary":"The jobs in the background: which run, how far they are, what came of them","responses":{"200":{"description":"All of them","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Jobs"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/jobs/{job}":{
   "parameters":[{"$ref":"#/components/parameters/job"}],
   "get":{"operationId":"getJob","summary":"One job","responses":{"200":{"description":"The job","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Job"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/jobs/{job}/start":{
   "parameters":[{"$ref":"#/components/parameters/job"}],
   "post":{"operationId":"startJob","summary":"Begin a run now; 409 if one is under way, 400 if the job is not turned on","responses":{"202":{"description":"It begins"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/jobs/{job}/stop":{
   "parameters":[{"$ref":"#/components/parameters/job"}],
   "post":{"operationId":"stopJob","summary":"End the run under way, if there is one, at its next step","responses":{"200":{"description":"Whether there is one","content":{"application/json":{"schema":{"type":"object","required":["running"],"properties":{"running":{"type":"boolean"}}}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/content/{digest}":{
   "parameters":[{"$ref":"#/components/parameters/digest"}],
   "get":{"operationId":"explainContent","summary":"What keeps some content, or when and why it went","responses":{"200":{"description":"All that is known of it","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Content"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/trash":{
   "get":{"operationId":"listTrash","summary":"Deleted manifests that can be brought back, the oldest first","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"},{"$ref":"#/components/parameters/repository"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Trash"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/undo":{
   "post":{"operationId":"undo","summary":"Take back the last change of a tag, or bring back a deleted manifest or, without both, repository","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Undo"}}}},"responses":{"200":{"description":"What is there again","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Undone"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/repositories":{
   "delete":{"operationId":"deleteRepository","summary":"Delete a repository with all it has; it rests in the trash, and undo with its name alone brings it back","parameters":[{"$ref":"#/components/parameters/repository"}],"responses":{"200":{"description":"What went","content":{"application/json":{"schema":{"$ref":"#/components/schemas/DeletedRepository"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/renames":{
   "post":{"operationId":"renameRepository","summary":"Give a repository another name; the old one stands for it for a while","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Rename"}}}},"responses":{"200":{"description":"Its name","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Renamed"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/aliases":{
   "get":{"operationId":"listAliases","summary":"Old names of repositories, in their order","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Aliases"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "delete":{"operationId":"deleteAlias","summary":"Let an old name stand for nothing","parameters":[{"$ref":"#/components/parameters/alias"}],"responses":{"204":{"description":"Gone"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/pins":{
   "get":{"operationId":"listPins","summary":"Manifests that must stay","parameters":[{"$ref":"#/components/parameters/n"},{"$ref":"#/components/parameters/last"}],"responses":{"200":{"description":"A page; Link names the next","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Pins"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "post":{"operationId":"pin","summary":"Keep a manifest from retention and the collector; a tag stands for what it names now","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/PinRequest"}}}},"responses":{"200":{"description":"What is pinned","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Pin"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "delete":{"operationId":"unpin","summary":"Let a manifest go the way of all others","parameters":[{"$ref":"#/components/parameters/repository"},{"name":"digest","in":"query","required":true,"schema":{"type":"string"}}],"responses":{"204":{"description":"Not pinned any more"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/adoption":{
   "get":{"operationId":"getAdoption","summary":"How far the adoption of a volume is, and what could not be read","parameters":[{"name":"from","in":"query","description":"problems after this number","schema":{"type":"integer"}}],"responses":{"200":{"description":"As it is now, with a page of problems","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Adoption"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/adoption/run":{
   "post":{"operationId":"runAdoption","summary":"Go on with it, if nobody does","responses":{"202":{"description":"It goes on, or is complete"},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/adoption/accept-losses":{
   "post":{"operationId":"acceptLosses","summary":"Hold back no removal any more for what could not be read","responses":{"200":{"description":"How many problems that settles","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Settled"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/backups":{
   "post":{"operationId":"startBackup","summary":"Back the registry up into a directory of the server's machine, only through the control socket; 409 if one is under way","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/BackupOrder"}}}},"responses":{"202":{"description":"Begun","content":{"application/json":{"schema":{"$ref":"#/components/schemas/StartedCheck"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/backups/{run}":{
   "parameters":[{"$ref":"#/components/parameters/run"}],
   "get":{"operationId":"getBackup","summary":"How far a backup is","responses":{"200":{"description":"As it is now","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Backup"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/imports":{
   "post":{"operationId":"startImport","summary":"Bring images in from another registry; from files only through the control socket","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/ImportOrder"}}}},"responses":{"202":{"description":"Begun","content":{"application/json":{"schema":{"$ref":"#/components/schemas/StartedCheck"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/layouts":{
   "post":{"operationId":"startLayout","summary":"Take images out into an OCI layout of the server's machine; only through the control socket","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/LayoutOrder"}}}},"responses":{"202":{"description":"Begun","content":{"application/json":{"schema":{"$ref":"#/components/schemas/StartedCheck"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/transfers/{run}":{
   "parameters":[{"$ref":"#/components/parameters/run"}],
   "get":{"operationId":"getTransfer","summary":"How far an import or a layout is","parameters":[{"name":"from","in":"query","description":"failures from this number on","schema":{"type":"integer"}}],"responses":{"200":{"description":"As it is now","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Transfer"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/exports":{
   "post":{"operationId":"startExport","summary":"Make Distribution's link tree what the metadata says, or compare it","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/ExportOrder"}}}},"responses":{"202":{"description":"Begun","content":{"application/json":{"schema":{"$ref":"#/components/schemas/StartedCheck"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/exports/{run}":{
   "parameters":[{"$ref":"#/components/parameters/run"}],
   "get":{"operationId":"getExport","summary":"How far an export is","parameters":[{"name":"from","in":"query","description":"differences from this number on","schema":{"type":"integer"}}],"responses":{"200":{"description":"As it is now","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Export"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/read-only":{
   "get":{"operationId":"getReadOnly","summary":"Whether the registry refuses changes","responses":{"200":{"description":"Whether, and how many writes that began before are under way","content":{"application/json":{"schema":{"$ref":"#/components/schemas/ReadOnly"}}}},"default":{"$ref":"#/components/responses/Error"}}},
   "patch":{"operationId":"switchReadOnly","summary":"Refuse changes, or take them again; outlasts a restart; 409 if the configuration says so for good","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/ReadOnlySwitch"}}}},"responses":{"200":{"description":"As it is now","content":{"application/json":{"schema":{"$ref":"#/components/schemas/ReadOnly"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/tag-history":{
   "get":{"operationId":"getTagHistory","summary":"Every change of a tag, the newest first","parameters":[{"$ref":"#/components/parameters/repository"},{"$ref":"#/components/parameters/tag"},{"$ref":"#/components/parameters/n"}],"responses":{"200":{"description":"The changes","content":{"application/json":{"schema":{"$ref":"#/components/schemas/TagHistory"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  },
  "/usage":{
   "get":{"operationId":"getUsage","summary":"What repositories, quotas and the registry hold; it walks all there is, and is 503 while another one does","parameters":[{"name":"repositories","in":"query","description":"a pattern like team/**; unset: all","schema":{"type":"string"}}],"responses":{"200":{"description":"Figures","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Usage"}}}},"default":{"$ref":"#/components/responses/Error"}}}
  }
 },
 "components":{
  "securitySchemes":{
   "basic":{"type":"http","scheme":"basic"},
   "bearer":{"type":"http","scheme":"bearer","description":"a robot's secret or a personal access token"}
  },
  "parameters":{
   "user":{"name":"user","in":"path","required":true,"schema":{"type":"string"}},
   "group":{"name":"group","in":"path","required":true,"schema":{"type":"string"}},
   "robot":{"name":"robot","in":"path","required":true,"schema":{"type":"string"}},
   "token":{"name":"token","in":"path","required":true,"schema":{"type":"string"}},
   "run":{"name":"run","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
   "plan":{"name":"plan","in":"path","required":true,"schema":{"type":"string"}},
   "job":{"name":"job","in":"path","required":true,"schema":{"type":"string"}},
   "from":{"name":"from","in":"query","schema":{"type":"integer","minimum":0,"default":0},"description":"the number of the first outcome or finding that was not read yet"},
   "digest":{"name":"digest","in":"path","required":true,"schema":{"type":"string"}},
   "rule":{"name":"rule","in":"path","required":true,"schema":{"type":"string"}},
   "n":{"name":"n","in":"query","schema":{"type":"integer","minimum":1,"maximum":1000,"default":100}},
   "last":{"name":"last","in":"query","schema":{"type":"string"},"description":"the key behind which the page begins"},
   "alias":{"name":"alias","in":"query","schema":{"type":"string"},"required":true},
   "who":{"name":"who","in":"query","schema":{"type":"string"},"required":true,"description":"alice, user:alice, robot:ci or anonymous"},
   "action":{"name":"action","in":"query","schema":{"enum":["pull","push","delete","catalog","admin"]},"required":true},
   "repository":{"name":"repository","in":"query","schema":{"type":"string"}},
   "tag":{"name":"tag","in":"query","schema":{"type":"string"}}
  },
  "responses":{
   "Error":{"description":"400 REQUEST_INVALID names the field; 401 UNAUTHORIZED, 403 DENIED, 404 NOT_FOUND, 409 CONFLICT","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Errors"}}}}
  },
  "schemas":{
   "Whoami":{"type":"object","required":["kind","name","groups","admin"],"properties":{"kind":{"enum":["anonymous","user","robot","operator"]},"name":{"type":"string"},"groups":{"type":"array","items":{"type":"string"}},"admin":{"type":"boolean"}}},
   "User":{"type":"object","required":["name","disabled","has_password","created","last_login"],"properties":{"name":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$"},"disabled":{"type":"boolean"},"has_password":{"type":"boolean"},"created":{"type":"string","format":"date-time"},"last_login":{"type":["string","null"],"format":"date-time"},"groups":{"type":"array","items":{"type":"string"}}}},
   "Users":{"type":"object","required":["users"],"properties":{"users":{"type":"array","items":{"$ref":"#/components/schemas/User"}}}},
   "NewUser":{"type":"object","required":["name"],"properties":{"name":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$"},"password":{"type":"string","minLength":8,"maxLength":511,"writeOnly":true},"password_hash":{"type":"string","description":"yescrypt, bcrypt or argon2id, as crypt(5) writes it","writeOnly":true},"no_password":{"type":"boolean","description":"tokens alone open it"}},"additionalProperties":false},
   "UserChange":{"type":"object","required":[],"properties":{"disabled":{"type":"boolean"},"password":{"type":"string","minLength":8,"maxLength":511,"writeOnly":true},"password_hash":{"type":"string","description":"yescrypt, bcrypt or argon2id, as crypt(5) writes it","writeOnly":true},"no_password":{"type":"boolean","description":"tokens alone open it"}},"additionalProperties":false},
   "Token":{"type":"object","required":["id","user","can","note","created","expires","last_used"],"properties":{"id":{"type":"string"},"user":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$"},"can":{"type":"array","items":{"type":"string","examples":["pull:team/app/**"]},"description":"ACTIONS:REPOSITORIES, or catalog, or admin"},"note":{"type":"string","maxLength":500},"created":{"type":"string","format":"date-time"},"expires":{"type":["string","null"],"format":"date-time"},"last_used":{"type":["string","null"],"format":"date-time"}}},
   "Tokens":{"type":"object","required":["tokens"],"properties":{"tokens":{"type":"array","items":{"$ref":"#/components/schemas/Token"}}}},
   "NewToken":{"type":"object","required":[],"properties":{"can":{"type":"array","items":{"type":"string","examples":["pull:team/app/**"]},"description":"ACTIONS:REPOSITORIES, or catalog, or admin"},"note":{"type":"string","maxLength":500},"expires":{"type":"string","description":"90d, 2w, 36h, never, or an RFC 3339 time","examples":["90d"]}},"additionalProperties":false},
   "CreatedToken":{"allOf":[{"$ref":"#/components/schemas/Token"},{"type":"object","required":["secret"],"properties":{"secret":{"type":"string","pattern":"^berth_(robot|pat)_[0-9A-Za-z]{49}$"}}}]},
   "Group":{"type":"object","required":["name","note","created"],"properties":{"name":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$"},"note":{"type":"string","maxLength":500},"created":{"type":"string","format":"date-time"}}},
   "Groups":{"type":"object","required":["groups"],"properties":{"groups":{"type":"array","items":{"$ref":"#/components/schemas/Group"}}}},
   "NewGroup":{"type":"object","required":["name"],"properties":{"name":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$"},"note":{"type":"string","maxLength":500}},"additionalProperties":false},
   "Members":{"type":"object","required":["members"],"properties":{"members":{"type":"array","items":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$"}}}},
   "Robot":{"type":"object","required":["name","login","can","note","created","created_by","expires","last_used"],"properties":{"name":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$"},"login":{"type":"string"},"can":{"type":"array","items":{"type":"string","examples":["pull:team/app/**"]},"description":"ACTIONS:REPOSITORIES, or catalog, or admin"},"note":{"type":"string","maxLength":500},"created":{"type":"string","format":"date-time"},"created_by":{"type":"string"},"expires":{"type":["string","null"],"format":"date-time"},"last_used":{"type":["string","null"],"format":"date-time"}}},
   "Robots":{"type":"object","required":["robots"],"properties":{"robots":{"type":"array","items":{"$ref":"#/components/schemas/Robot"}}}},
   "NewRobot":{"type":"object","required":["name","can"],"properties":{"name":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$"},"can":{"type":"array","items":{"type":"string","examples":["pull:team/app/**"]},"description":"ACTIONS:REPOSITORIES, or catalog, or admin"},"note":{"type":"string","maxLength":500},"expires":{"type":"string","description":"90d, 2w, 36h, never, or an RFC 3339 time","examples":["90d"]}},"additionalProperties":false},
   "Rotation":{"type":"object","required":[],"properties":{"expires":{"type":"string","description":"90d, 2w, 36h, never, or an RFC 3339 time","examples":["90d"]}},"additionalProperties":false},
   "CreatedRobot":{"allOf":[{"$ref":"#/components/schemas/Robot"},{"type":"object","required":["secret"],"properties":{"secret":{"type":"string","pattern":"^berth_(robot|pat)_[0-9A-Za-z]{49}$"}}}]},
   "Rule":{"type":"object","required":["id","position","rule","note","created","created_by"],"properties":{"id":{"type":"string"},"position":{"type":"integer","minimum":1},"rule":{"type":"string","examples":["allow pull to anonymous on public/**"]},"note":{"type":"string","maxLength":500},"created":{"type":"string","format":"date-time"},"created_by":{"type":"string"}}},
   "Rules":{"type":"object","required":["rules"],"properties":{"configured":{"type":"array","items":{"type":"object","required":["rule","origin"],"properties":{"rule":{"type":"string"},"origin":{"type":"string"}}}},"rules":{"type":"array","items":{"$ref":"#/components/schemas/Rule"}}}},
   "NewRule":{"type":"object","required":["rule"],"properties":{"rule":{"type":"string"},"position":{"type":"integer","minimum":0,"description":"among the stored rules; 0 or none: last"},"note":{"type":"string","maxLength":500}},"additionalProperties":false},
   "Explanation":{"type":"object","required":["allowed","reason","known","groups"],"properties":{"allowed":{"type":"boolean"},"reason":{"type":"string"},"rule":{"type":"string"},"origin":{"type":"string"},"known":{"type":"boolean"},"groups":{"type":"array","items":{"type":"string"}}}},
   "NewGarbageCollection":{"type":"object","required":[],"properties":{"dry_run":{"type":"boolean"},"delete_untagged":{"type":"boolean"},"empty_trash":{"type":"boolean","description":"unset: only if the configuration has no trash section"}},"additionalProperties":false},
   "StartedGarbageCollection":{"type":"object","required":["run"],"properties":{"run":{"type":"integer"}}},
   "GarbageCollection":{"type":"object","required":["run","running","dry_run","failure","paused","looked_at","manifests","links","blobs","bytes","emptied","trash_manifests","trash_bytes","trash_until","waiting","waiting_bytes","failed_removals","freed_bytes","first","outcomes"],"properties":{"run":{"type":"integer"},"running":{"type":"boolean"},"dry_run":{"type":"boolean"},"failure":{"type":"string"},"paused":{"type":"boolean","description":"the clock was set: nothing is removed for a while"},"looked_at":{"type":"integer"},"manifests":{"type":"integer"},"links":{"type":"integer"},"blobs":{"type":"integer"},"bytes":{"type":"integer"},"emptied":{"type":"integer","description":"manifests that left the trash"},"trash_manifests":{"type":"integer"},"trash_bytes":{"type":"integer","description":"of blobs that only the trash keeps"},"trash_until":{"type":["string","null"]},"waiting":{"type":"integer"},"waiting_bytes":{"type":"integer"},"failed_removals":{"type":"integer"},"freed_bytes":{"type":"integer","description":"what the file system has more than before, whoever did it"},"first":{"type":"integer","description":"number of the first of these outcomes"},"outcomes":{"type":"array","items":{"type":"object"}}}},
   "NewCheck":{"type":"object","required":[],"properties":{"repair":{"type":"boolean"},"fast":{"type":"boolean","description":"sizes and presence only"},"rate":{"type":"integer","minimum":0,"description":"bytes a second; 0 or none: as fast as it can"}},"additionalProperties":false},
   "StartedCheck":{"type":"object","required":["run"],"properties":{"run":{"type":"integer"}}},
   "Finding":{"type":"object","required":["kind","digest","path","size","what","mended","images","more_images"],"properties":{"kind":{"enum":["damaged","missing","unreadable","orphan","unknown_file"]},"digest":{"type":["string","null"]},"path":{"type":"string","description":"below the root directory; of a damaged file that was moved, where it is now"},"size":{"type":"integer"},"what":{"type":"string"},"mended":{"type":"boolean","description":"nothing is left to do"},"images":{"type":"array","items":{"type":"object","required":["repository","digest","tags"],"properties":{"repository":{"type":"string"},"digest":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}}}}},"more_images":{"type":"boolean","description":"there are more images than are named"}}},
   "RetentionRules":{"type":"object","properties":{"rules":{"type":"array","items":{"type":"object","required":["action"],"properties":{"name":{"type":"string"},"description":{"type":"string"},"action":{"enum":["keep","delete","protect"]}},"description":"the keys of docs/retention.md"}}}},
   "RetentionPlan":{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"now":{"type":"string","format":"date-time"},"totals":{"type":"object"},"rules":{"type":"array","items":{"type":"object"}},"entries":{"type":"array","items":{"type":"object","required":["repository","tag","digest","decision","rule","why","overruled","pushed","size"]}},"deletions":{"type":"integer","description":"with a text"},"text":{"type":"string","description":"of a table or diff"}}},
   "RetentionRun":{"type":"object","required":["run","running","plan","failure","deletions","deleted_tags","deleted_manifests","left_count","left"],"properties":{"run":{"type":"integer"},"running":{"type":"boolean"},"plan":{"type":"string"},"failure":{"type":"string","description":"why it ended early"},"deletions":{"type":"integer","description":"that the plan has"},"deleted_tags":{"type":"integer"},"deleted_manifests":{"type":"integer"},"left_count":{"type":"integer"},"left":{"type":"array","items":{"type":"object","required":["name","why"],"properties":{"name":{"type":"string"},"why":{"enum":["changed","in_use","protected"]}}},"description":"what had changed by then and stayed; not all, if there are many"}}},
   "Jobs":{"type":"object","required":["jobs"],"properties":{"jobs":{"type":"array","items":{"$ref":"#/components/schemas/Job"}}}},
   "Job":{"type":"object","required":["name","state","started","ended","last_success","next","done","total","unit","result","error"],"properties":{"name":{"type":"string"},"state":{"enum":["idle","running","failed","stopped","interrupted"]},"started":{"type":["string","null"]},"ended":{"type":["string","null"]},"last_success":{"type":["string","null"]},"next":{"type":["string","null"],"description":"null: when it is asked for"},"done":{"type":"integer"},"total":{"type":"integer","description":"0: not known"},"unit":{"type":"string"},"result":{"type":"string"},"error":{"type":"string"}}},
   "Check":{"type":"object","required":["run","running","repair","fast","failure","blobs_total","bytes_total","blobs","bytes","files","standing","mended","skipped","first","findings"],"properties":{"run":{"type":"integer"},"running":{"type":"boolean"},"repair":{"type":"boolean"},"fast":{"type":"boolean"},"failure":{"type":"string"},"blobs_total":{"type":"integer"},"bytes_total":{"type":"integer"},"blobs":{"type":"integer"},"bytes":{"type":"integer"},"files":{"type":"integer"},"standing":{"type":"integer"},"mended":{"type":"integer"},"skipped":{"type":"integer","description":"blobs that were in use all the time"},"first":{"type":"integer","description":"number of the first of these findings"},"findings":{"type":"array","items":{"$ref":"#/components/schemas/Finding"}}}},
   "Content":{"type":"object","required":["digest","blob","keepers","reviews","removals"],"properties":{"digest":{"type":"string"},"blob":{"type":["object","null"]},"keepers":{"type":"array","items":{"type":"object"}},"reviews":{"type":"array","items":{"type":"object"}},"removals":{"type":"array","items":{"type":"object"}}}},
   "Trash":{"type":"object","required":["trash"],"properties":{"trash":{"type":"array","items":{"type":"object","required":["number","repository","digest","media_type","artifact_type","size","deleted","deleted_by","tags"]}}}},
   "Undo":{"type":"object","required":["repository"],"properties":{"repository":{"type":"string"},"tag":{"type":"string"},"digest":{"type":"string"}},"additionalProperties":false},
   "DeletedRepository":{"type":"object","required":["manifests","tags","in_trash"],"properties":{"manifests":{"type":"integer"},"tags":{"type":"integer"},"in_trash":{"type":"boolean"}}},
   "Rename":{"type":"object","required":["from","to"],"properties":{"from":{"type":"string"},"to":{"type":"string"},"alias_seconds":{"type":"integer","minimum":0,"description":"how long the old name stands for the new one; unset: aliases.keep"}},"additionalProperties":false},
   "Renamed":{"type":"object","required":["repository","alias_seconds"],"properties":{"repository":{"type":"string"},"alias_seconds":{"type":"integer"}}},
   "Aliases":{"type":"object","required":["aliases"],"properties":{"aliases":{"type":"array","items":{"type":"object","required":["alias","repository","until"]}}}},
   "PinRequest":{"type":"object","required":["repository","reference"],"properties":{"repository":{"type":"string"},"reference":{"type":"string","description":"a digest, or a tag"},"why":{"type":"string","maxLength":500}},"additionalProperties":false},
   "Pin":{"type":"object","required":["repository","digest","since","by","why"],"properties":{"repository":{"type":"string"},"digest":{"type":"string"},"since":{"type":"string"},"by":{"type":"string"},"why":{"type":"string"}}},
   "Pins":{"type":"object","required":["pins","next"],"properties":{"pins":{"type":"array","items":{"$ref":"#/components/schemas/Pin"}},"next":{"type":"string","description":"last of the next page; empty: that was all"}}},
   "Adoption":{"type":"object","required":["kind","complete","pending","running","failure","began","ended","done","total","repositories","tags","manifests","layers","unlinked_blobs","dropped_uploads","removed","problems_total","problems_holding","removal_held_because","links","problems"],"properties":{"kind":{"enum":["none","adoption","comparison"],"description":"none: the volume was Berth's from the beginning"},"complete":{"type":"boolean"},"pending":{"type":"boolean","description":"there is something to read or to compare still"},"running":{"type":"boolean"},"failure":{"type":"string","description":"why it ended early"},"began":{"type":"string"},"ended":{"type":["string","null"]},"done":{"type":"integer","description":"repositories"},"total":{"type":"integer"},"repositories":{"type":"integer"},"tags":{"type":"integer"},"manifests":{"type":"integer"},"layers":{"type":"integer"},"unlinked_blobs":{"type":"integer"},"dropped_uploads":{"type":"integer"},"removed":{"type":"integer"},"problems_total":{"type":"integer"},"problems_holding":{"type":"integer"},"removal_held_because":{"type":"string"},"links":{"type":"boolean","description":"links are written behind every change"},"problems":{"type":"array","items":{"$ref":"#/components/schemas/AdoptionProblem"}}}},
   "AdoptionProblem":{"type":"object","required":["number","kind","repository","item","what"],"properties":{"number":{"type":"integer"},"kind":{"type":"string"},"repository":{"type":"string"},"item":{"type":"string"},"what":{"type":"string"}}},
   "Settled":{"type":"object","required":["settled"],"properties":{"settled":{"type":"integer"}}},
   "BackupOrder":{"type":"object","required":["directory"],"properties":{"directory":{"type":"string","description":"an absolute path"},"verify":{"type":"boolean","description":"read the bytes of files that are linked, too; the default"},"keep":{"type":"integer","description":"how many of the newest backups stay; 0: all"},"keep_seconds":{"type":"integer","description":"older ones go"}},"additionalProperties":false},
   "Backup":{"type":"object","required":["run","running","failure","name","blobs","bytes","added_blobs","added_bytes","linked_blobs","metadata_bytes","missing_blobs","pruned_backups","pruned_bytes"],"properties":{"run":{"type":"integer"},"running":{"type":"boolean"},"failure":{"type":"string"},"name":{"type":"string"},"blobs":{"type":"integer"},"bytes":{"type":"integer"},"added_blobs":{"type":"integer"},"added_bytes":{"type":"integer"},"linked_blobs":{"type":"integer"},"metadata_bytes":{"type":"integer"},"missing_blobs":{"type":"integer"},"pruned_backups":{"type":"integer"},"pruned_bytes":{"type":"integer"}}},
   "ImportOrder":{"type":"object","properties":{"layout":{"type":"string","description":"directory of an OCI layout, or of a tree of them"},"backup":{"type":"string","description":"directory of backups"},"at":{"type":"string","description":"which backup; the newest"},"registry":{"type":"string","description":"https://registry.example"},"user":{"type":"string"},"password":{"type":"string"},"ca_file":{"type":"string"},"insecure":{"type":"boolean","description":"the server need not prove its name"},"repositories":{"type":"string","description":"a pattern, in which * stands for anything; all"},"to":{"type":"string","description":"name of the only one"},"prefix":{"type":"string","description":"before the names of many"},"tags":{"type":"array","items":{"type":"string"}},"as_tag":{"type":"string"},"referrers":{"type":"boolean"},"keep_tags":{"type":"boolean","description":"a tag that is there already stays what it is"},"parallel":{"type":"integer"}},"additionalProperties":false},
   "LayoutOrder":{"type":"object","required":["directory","images"],"properties":{"directory":{"type":"string"},"images":{"type":"array","items":{"type":"string","description":"NAME:TAG or NAME@DIGEST"}}},"additionalProperties":false},
   "Transfer":{"type":"object","required":["run","running","failure","repositories","repositories_total","tags","manifests","known_manifests","blobs","bytes","failures_total","first","failures"],"properties":{"run":{"type":"integer"},"running":{"type":"boolean"},"failure":{"type":"string"},"repositories":{"type":"integer"},"repositories_total":{"type":"integer"},"tags":{"type":"integer"},"manifests":{"type":"integer"},"known_manifests":{"type":"integer"},"blobs":{"type":"integer"},"bytes":{"type":"integer"},"failures_total":{"type":"integer"},"first":{"type":"integer"},"failures":{"type":"array","items":{"type":"string"}}}},
   "ExportOrder":{"type":"object","properties":{"compare":{"type":"boolean"}},"additionalProperties":false},
   "Export":{"type":"object","required":["run","running","compare","failure","repositories","links","written","removed","first","differences"],"properties":{"run":{"type":"integer"},"running":{"type":"boolean"},"compare":{"type":"boolean"},"failure":{"type":"string"},"repositories":{"type":"integer"},"links":{"type":"integer"},"written":{"type":"integer"},"removed":{"type":"integer"},"first":{"type":"integer"},"differences":{"type":"array","items":{"type":"string"}}}},
   "ReadOnly":{"type":"object","required":["read_only","configured","writes_under_way"],"properties":{"read_only":{"type":"boolean"},"configured":{"type":"boolean","description":"by storage.maintenance.readonly.enabled"},"writes_under_way":{"type":"integer"}}},
   "ReadOnlySwitch":{"type":"object","required":["read_only"],"properties":{"read_only":{"type":"boolean"}},"additionalProperties":false},
   "Undone":{"type":"object","required":["names","restored","tags","taken"],"properties":{"names":{"type":["string","null"],"description":"what the tag names now"},"restored":{"type":"array","items":{"type":"string"}},"tags":{"type":"array","items":{"type":"string"}},"taken":{"type":"array","items":{"type":"string"},"description":"tags that name something else now and were left alone"}}},
   "TagHistory":{"type":"object","required":["changes"],"properties":{"changes":{"type":"array","items":{"type":"object","required":["at","by","from","to"]}}}},
   "QuotaFigure":{"type":"object","required":["used","limit","left"],"properties":{"used":{"type":"integer"},"limit":{"type":["integer","null"]},"left":{"type":["integer","null"]}}},
   "Quota":{"type":"object","required":["repositories","per","repository","bytes","pending_bytes","manifests","tags"],"properties":{"repositories":{"type":"string","description":"the rule's pattern"},"per":{"enum":["namespace","repository"]},"repository":{"type":["string","null"],"description":"which one, where the rule is for each"},"bytes":{"$ref":"#/components/schemas/QuotaFigure"},"pending_bytes":{"$ref":"#/components/schemas/QuotaFigure"},"manifests":{"$ref":"#/components/schemas/QuotaFigure"},"tags":{"$ref":"#/components/schemas/QuotaFigure"}}},
   "RepositoryUsage":{"type":"object","required":["repository","bytes","pending_bytes","unique_bytes","shared_bytes","trash_bytes","reclaimable_bytes","manifests","tags"],"properties":{"repository":{"type":"string"},"bytes":{"type":"integer","description":"manifests, and the blobs that they name"},"pending_bytes":{"type":"integer","description":"blobs that no manifest names"},"unique_bytes":{"type":"integer","description":"blobs that no other repository links"},"shared_bytes":{"type":"integer","description":"blobs that others link, too"},"trash_bytes":{"type":"integer","description":"blobs that nothing but the trash keeps"},"reclaimable_bytes":{"type":"integer","description":"blobs that a garbage collection would free now"},"manifests":{"type":"integer"},"tags":{"type":"integer"}}},
   "Usage":{"type":"object","required":["repositories","quotas","stored"],"properties":{"repositories":{"type":"array","items":{"$ref":"#/components/schemas/RepositoryUsage"}},"quotas":{"type":"array","items":{"$ref":"#/components/schemas/Quota"}},"stored":{"type":"object","required":["blobs","bytes","trash_bytes","reclaimable_bytes"],"properties":{"blobs":{"type":"integer"},"bytes":{"type":"integer","description":"each blob once"},"trash_bytes":{"type":"integer"},"reclaimable_bytes":{"type":"integer"}}}}},
   "Errors":{"type":"object","required":["errors"],"properties":{"errors":{"type":"array","items":{"type":"object","required":["code","message"],"properties":{"code":{"type":"string"},"message":{"type":"string"},"detail":{}}}}}}
  }
 }}
)json";

}  // namespace

std::string_view openapi_document() {
  return kDocument;
}

}  // namespace berth::admin
