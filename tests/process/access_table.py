"""Who may do what, over HTTP: the server's rules, and a row for each case.

A row is: who, method, target, status, and what the answer says. Who:

    nobody            no credentials                    alice             her name and password
    alice!            her name with a wrong password    mallory           a user who is not there
    alice[SCOPE ...]  a token of Berth's own service that she asked for with these scopes; nobody[...] an anonymous one
    forged            a token that nobody signed

What the answer says:

    ask SCOPE         401: log in or get a token for this      wider SCOPE   401: the token is not for this
    invalid SCOPE     401: the token is no good                basic         401 of the token service
    CODE              the error of that code                   names A,B     the list has exactly these
    FIELD: value      a header field

In a target, {digest} is the manifest that every repository has, {layer} its layer; {secret} a layer that only secret/app has;
{fresh}, {blob} and {upload} are made for the row in its repository, {user}, {group}, {robot}, {rule} and {token} (of alice) among the
accounts. What follows "#" is the body.
"""

RULES = {
    "storage": {"delete": {"enabled": True}},
    # Many rows are wrong logins from one address.
    "auth": {"local": {}, "lockout": {"accountfailures": 0, "addressfailures": 0}},
    "access": [
        {"allow": "pull", "who": "anonymous", "repositories": "public/**"},
        {"allow": "catalog", "who": "authenticated"},
        {"allow": ["pull", "push", "delete"], "who": "user:alice", "repositories": "team/**"},
        {"deny": ["pull", "push", "delete"], "who": "user:alice", "repositories": "team/hidden"},
        {"allow": "pull", "who": "user:bob", "repositories": "team/**"},
        {"allow": ["push", "delete"], "who": "user:bob", "repositories": "team/**", "tags": "dev-*"},
        {"allow": ["pull", "push", "delete", "catalog"], "who": "user:root"},
        {"deny": "push", "who": "user:root", "repositories": "frozen/**"},
        {"allow": "admin", "who": "user:root"},
    ],
    "policy": {"tags": [{"repositories": "team/**", "tags": "v*", "except": "user:root"}]},
    "middleware": {"registry": [{"name": "repository", "options": {"deny": ["^forbidden/"]}}]},
}
USERS = ("alice", "bob", "carol", "root")
TAGS = {
    "public/app": ["v1"],
    "team/app": ["v1", "v9", "dev-1", "dev-2", "dev-3", "old", "latest"],
    "team/hidden": ["v1"],
    "secret/app": ["v1"],
}

ROWS = """
# Probes, and what a resource can do: for everybody, whatever he sends.
nobody   GET     /                          200
nobody   HEAD    /                          200
nobody   GET     /livez                     200
nobody   HEAD    /livez                     200
alice!   GET     /livez                     200
nobody   GET     /readyz                    200
nobody   HEAD    /readyz                    200
forged   GET     /readyz                    200
nobody   GET     /.well-known/jwks.json     200   Content-Type: application/json
nobody   HEAD    /.well-known/jwks.json     200
alice!   GET     /.well-known/jwks.json     200
nobody   OPTIONS /v2/secret/app/manifests/v1         200   Allow: DELETE, GET, HEAD, PUT
nobody   POST    /v2/secret/app/manifests/v1         405   Allow: DELETE, GET, HEAD, PUT
nobody   POST    /v2/secret/none/manifests/v1        405   Allow: DELETE, GET, HEAD, PUT
nobody   GET     /v3/                       404
nobody   GET     /v2                        301   Location: /v2/

# The base: where clients find out how to log in.
nobody   GET     /v2/                       401   ask
nobody   HEAD    /v2/                       401   ask
alice    GET     /v2/                       200
alice    HEAD    /v2/                       200
carol    GET     /v2/                       200
alice!   GET     /v2/                       401   ask
mallory  GET     /v2/                       401   ask
forged   GET     /v2/                       401   invalid
alice[]  GET     /v2/                       200
nobody[] GET     /v2/                       200

# The token service.
nobody   GET     /token?service=berth&scope=repository:secret/app:pull   200
alice    GET     /token?service=berth&scope=repository:team/app:pull     200   Cache-Control: no-store
alice!   GET     /token?service=berth                                    401   basic
mallory  GET     /token?service=berth                                    401   basic
forged   GET     /token?service=berth                                    401   basic
alice[]  GET     /token?service=berth                                    401   basic
alice    GET     /token?service=elsewhere                                400   UNSUPPORTED
nobody   POST    /token#grant_type=password&service=berth&username=alice&password=alice:pass+word          200
nobody   POST    /token#grant_type=password&service=berth&username=alice&password=wrong                    401   basic
nobody   POST    /token#grant_type=password&service=berth&username=mallory&password=x                      401   basic
nobody   POST    /token#grant_type=refresh_token&service=berth&refresh_token=x.y.z                         401   basic
nobody   POST    /token#grant_type=magic&service=berth                                                     400
nobody   PUT     /token                                                  405   Allow: GET, POST

# The catalog shows what its reader may pull.
nobody   GET     /v2/_catalog               401   ask registry:catalog:*
nobody   HEAD    /v2/_catalog               401   ask registry:catalog:*
alice    GET     /v2/_catalog               200   names public/app,team/app
alice    HEAD    /v2/_catalog               200
bob      GET     /v2/_catalog               200   names public/app,team/app,team/hidden
carol    GET     /v2/_catalog               200   names public/app
root     GET     /v2/_catalog               200   names public/app,secret/app,team/app,team/hidden
alice    GET     /v2/_catalog?n=1           200   names public/app
alice    GET     /v2/_catalog?last=public/app        200   names team/app
alice    GET     /v2/_catalog?last=secret/app        200   names team/app
carol    GET     /v2/_catalog?last=public/app        200   names
alice!   GET     /v2/_catalog               401   ask registry:catalog:*
nobody[registry:catalog:*]                     GET   /v2/_catalog   401   wider registry:catalog:*
alice[registry:catalog:*]                      GET   /v2/_catalog   200   names public/app,team/app
carol[registry:catalog:*]                      GET   /v2/_catalog   200   names public/app
alice[repository:team/app:pull]                GET   /v2/_catalog   401   wider registry:catalog:*
forged                                         GET   /v2/_catalog   401   invalid registry:catalog:*

# Tags.
nobody   GET     /v2/public/app/tags/list   200   names v1
nobody   HEAD    /v2/public/app/tags/list   200
nobody   GET     /v2/secret/app/tags/list   401   ask repository:secret/app:pull
nobody   HEAD    /v2/secret/app/tags/list   401   ask repository:secret/app:pull
nobody   GET     /v2/secret/none/tags/list  401   ask repository:secret/none:pull
alice    GET     /v2/team/app/tags/list     200
alice    GET     /v2/team/none/tags/list    404   NAME_UNKNOWN
alice    GET     /v2/team/hidden/tags/list  403   DENIED
alice    GET     /v2/secret/app/tags/list   403   DENIED
alice    GET     /v2/secret/none/tags/list  403   DENIED
carol    GET     /v2/team/app/tags/list     403   DENIED
carol    GET     /v2/public/app/tags/list   200   names v1
alice[repository:team/app:pull]   GET  /v2/team/app/tags/list     200
alice[repository:team/app:push]   GET  /v2/team/app/tags/list     401   wider repository:team/app:pull
alice[repository:secret/app:pull] GET  /v2/secret/app/tags/list   401   wider repository:secret/app:pull
nobody[repository:public/app:pull] GET /v2/public/app/tags/list   200   names v1

# Manifests are read.
nobody   GET     /v2/public/app/manifests/v1           200   Docker-Content-Digest: {digest}
nobody   HEAD    /v2/public/app/manifests/v1           200   Docker-Content-Digest: {digest}
nobody   GET     /v2/public/app/manifests/{digest}     200
nobody   GET     /v2/public/app/manifests/none         404   MANIFEST_UNKNOWN
nobody   GET     /v2/public/none/manifests/v1          404   MANIFEST_UNKNOWN
alice!   GET     /v2/public/app/manifests/v1           401   ask repository:public/app:pull
forged   GET     /v2/public/app/manifests/v1           401   invalid repository:public/app:pull
nobody   GET     /v2/team/app/manifests/v1             401   ask repository:team/app:pull
nobody   HEAD    /v2/team/app/manifests/v1             401   ask repository:team/app:pull
nobody   GET     /v2/team/none/manifests/v1            401   ask repository:team/none:pull
nobody   GET     /v2/team/app/manifests/{digest}       401   ask repository:team/app:pull
nobody   GET     /v2/secret/app/manifests/v1           401   ask repository:secret/app:pull
alice    GET     /v2/team/app/manifests/v1             200   Docker-Content-Digest: {digest}
alice    HEAD    /v2/team/app/manifests/v1             200   Docker-Content-Digest: {digest}
alice    GET     /v2/team/app/manifests/{digest}       200
alice    GET     /v2/team/app/manifests/none           404   MANIFEST_UNKNOWN
alice    GET     /v2/team/none/manifests/v1            404   MANIFEST_UNKNOWN
alice    GET     /v2/team/hidden/manifests/v1          403   DENIED
alice    HEAD    /v2/team/hidden/manifests/v1          403
alice    GET     /v2/team/hidden/manifests/{digest}    403   DENIED
alice    GET     /v2/secret/app/manifests/v1           403   DENIED
alice    GET     /v2/secret/none/manifests/v1          403   DENIED
bob      GET     /v2/team/hidden/manifests/v1          200
carol    GET     /v2/public/app/manifests/v1           200
carol    GET     /v2/team/app/manifests/v1             403   DENIED
root     GET     /v2/secret/app/manifests/v1           200
root     GET     /v2/secret/none/manifests/v1          404   MANIFEST_UNKNOWN
alice    GET     /v2/Team/app/manifests/v1             400   NAME_INVALID
nobody   GET     /v2/Team/app/manifests/v1             401   ask
alice[repository:team/app:pull]        GET   /v2/team/app/manifests/v1      200
alice[repository:team/app:pull]        HEAD  /v2/team/app/manifests/v1      200
alice[repository:team/app:pull]        GET   /v2/team/other/manifests/v1    401   wider repository:team/other:pull
alice[repository:team/app:pull]        GET   /v2/secret/app/manifests/v1    401   wider repository:secret/app:pull
alice[repository:team/app:pull]        GET   /v2/public/app/manifests/v1    401   wider repository:public/app:pull
alice[repository:team/hidden:pull]     GET   /v2/team/hidden/manifests/v1   401   wider repository:team/hidden:pull
carol[repository:team/app:pull]        GET   /v2/team/app/manifests/v1      401   wider repository:team/app:pull
nobody[repository:secret/app:pull]     GET   /v2/secret/app/manifests/v1    401   wider repository:secret/app:pull
nobody[repository:public/app:pull]     GET   /v2/public/app/manifests/v1    200
root[repository:secret/app:pull repository:team/app:pull]   GET   /v2/team/app/manifests/v1     200
root[repository:secret/app:pull repository:team/app:pull]   GET   /v2/secret/app/manifests/v1   200

# Manifests are pushed.
nobody   PUT     /v2/public/app/manifests/new          401   ask repository:public/app:pull,push
nobody   PUT     /v2/team/none/manifests/new           401   ask repository:team/none:pull,push
alice    PUT     /v2/team/app/manifests/new            201   Docker-Content-Digest: {digest}
alice    PUT     /v2/team/app/manifests/{digest}       201
alice    PUT     /v2/team/app/manifests/{digest}?tag=dev-7&tag=w1   201
alice    PUT     /v2/public/app/manifests/new          403   DENIED
alice    PUT     /v2/team/hidden/manifests/new         403   DENIED
alice    PUT     /v2/secret/app/manifests/new          403   DENIED
alice!   PUT     /v2/team/app/manifests/new            401   ask repository:team/app:pull,push
carol    PUT     /v2/team/app/manifests/new            403   DENIED
bob      PUT     /v2/team/app/manifests/dev-5          201
bob      PUT     /v2/team/app/manifests/latest         403   DENIED
bob      PUT     /v2/team/app/manifests/{digest}       201
bob      PUT     /v2/team/app/manifests/{digest}?tag=dev-6               201
bob      PUT     /v2/team/app/manifests/{digest}?tag=latest              403   DENIED
bob      PUT     /v2/team/app/manifests/{digest}?tag=dev-6&tag=latest    403   DENIED
bob      PUT     /v2/team/app/manifests/dev-5?tag=latest                 403   DENIED
root     PUT     /v2/frozen/app/manifests/v1           403   DENIED
root     PUT     /v2/forbidden/app/manifests/v1        403   DENIED
alice[repository:team/app:pull]          PUT   /v2/team/app/manifests/new    401   wider repository:team/app:pull,push
alice[repository:team/app:pull,push]     PUT   /v2/team/app/manifests/new    201
bob[repository:team/app:pull,push]       PUT   /v2/team/app/manifests/dev-5  201
bob[repository:team/app:pull,push]       PUT   /v2/team/app/manifests/latest 401   wider repository:team/app:pull,push
carol[repository:team/app:pull,push]     PUT   /v2/team/app/manifests/new    401   wider repository:team/app:pull,push

# Manifests and tags are deleted.
nobody   DELETE  /v2/public/app/manifests/v1           401   ask repository:public/app:delete
nobody   DELETE  /v2/public/none/manifests/v1          401   ask repository:public/none:delete
alice    DELETE  /v2/team/app/manifests/old            202
alice    DELETE  /v2/team/app/manifests/{fresh}        202
alice    DELETE  /v2/team/app/manifests/v1             403   DENIED
alice    DELETE  /v2/team/app/manifests/{digest}       403   DENIED
alice    DELETE  /v2/team/hidden/manifests/v1          403   DENIED
alice    DELETE  /v2/secret/app/manifests/v1           403   DENIED
alice    DELETE  /v2/public/app/manifests/v1           403   DENIED
bob      DELETE  /v2/team/app/manifests/dev-2          202
bob      DELETE  /v2/team/app/manifests/latest         403   DENIED
bob      DELETE  /v2/team/app/manifests/{fresh}        403   DENIED
carol    DELETE  /v2/team/app/manifests/dev-3          403   DENIED
root     DELETE  /v2/team/app/manifests/v9             202
alice[repository:team/app:pull,push]   DELETE   /v2/team/app/manifests/dev-3   401   wider repository:team/app:delete
alice[repository:team/app:delete]      DELETE   /v2/team/app/manifests/dev-3   202

# Referrers.
nobody   GET     /v2/public/app/referrers/{digest}     200
nobody   HEAD    /v2/public/app/referrers/{digest}     200
nobody   GET     /v2/secret/app/referrers/{digest}     401   ask repository:secret/app:pull
nobody   HEAD    /v2/secret/app/referrers/{digest}     401   ask repository:secret/app:pull
nobody   GET     /v2/secret/none/referrers/{digest}    401   ask repository:secret/none:pull
alice    GET     /v2/team/app/referrers/{digest}       200
alice    GET     /v2/team/none/referrers/{digest}      200
alice    GET     /v2/secret/app/referrers/{digest}     403   DENIED
alice    GET     /v2/secret/none/referrers/{digest}    403   DENIED
alice[repository:team/app:pull]   GET   /v2/secret/app/referrers/{digest}   401   wider repository:secret/app:pull

# Blobs.
nobody   GET     /v2/public/app/blobs/{layer}          200   Docker-Content-Digest: {layer}
nobody   HEAD    /v2/public/app/blobs/{layer}          200   Docker-Content-Digest: {layer}
nobody   GET     /v2/public/app/blobs/{secret}         404   BLOB_UNKNOWN
nobody   HEAD    /v2/public/app/blobs/{secret}         404
nobody   GET     /v2/secret/app/blobs/{secret}         401   ask repository:secret/app:pull
nobody   HEAD    /v2/secret/app/blobs/{secret}         401   ask repository:secret/app:pull
nobody   GET     /v2/secret/none/blobs/{secret}        401   ask repository:secret/none:pull
nobody   DELETE  /v2/public/app/blobs/{layer}          401   ask repository:public/app:delete
alice    GET     /v2/team/app/blobs/{layer}            200
alice    HEAD    /v2/team/app/blobs/{layer}            200
alice    GET     /v2/team/app/blobs/{secret}           404   BLOB_UNKNOWN
alice    GET     /v2/secret/app/blobs/{secret}         403   DENIED
alice    HEAD    /v2/secret/app/blobs/{secret}         403
alice    GET     /v2/team/hidden/blobs/{layer}         403   DENIED
alice    DELETE  /v2/team/app/blobs/{blob}             202
alice    DELETE  /v2/secret/app/blobs/{secret}         403   DENIED
bob      DELETE  /v2/team/app/blobs/{blob}             403   DENIED
carol    GET     /v2/public/app/blobs/{layer}          200
carol    GET     /v2/team/app/blobs/{layer}            403   DENIED
root     GET     /v2/secret/app/blobs/{secret}         200
alice[repository:team/app:pull]   GET      /v2/team/app/blobs/{layer}       200
alice[repository:team/app:pull]   DELETE   /v2/team/app/blobs/{blob}        401   wider repository:team/app:delete
alice[repository:team/app:pull]   GET      /v2/secret/app/blobs/{secret}    401   wider repository:secret/app:pull

# Uploads are started, and blobs mounted. What may not be read is as good as absent: 202, and the client uploads.
nobody   POST    /v2/public/app/blobs/uploads/         401   ask repository:public/app:pull,push
nobody   POST    /v2/public/none/blobs/uploads/        401   ask repository:public/none:pull,push
alice    POST    /v2/team/app/blobs/uploads/           202
alice    POST    /v2/team/none/blobs/uploads/          202
alice    POST    /v2/secret/app/blobs/uploads/         403   DENIED
alice    POST    /v2/public/app/blobs/uploads/         403   DENIED
bob      POST    /v2/team/app/blobs/uploads/           202
carol    POST    /v2/team/app/blobs/uploads/           403   DENIED
root     POST    /v2/frozen/app/blobs/uploads/         403   DENIED
root     POST    /v2/forbidden/app/blobs/uploads/      403   DENIED
alice    POST    /v2/team/m1/blobs/uploads/?mount={layer}&from=public/app     201
alice    POST    /v2/team/m2/blobs/uploads/?mount={secret}&from=secret/app    202
alice    POST    /v2/team/m2/blobs/uploads/?mount={secret}&from=secret/none   202
alice    POST    /v2/team/m2/blobs/uploads/?mount={layer}&from=team/hidden    202
alice    POST    /v2/team/m2/blobs/uploads/?mount={secret}                    202
root     POST    /v2/mine/m3/blobs/uploads/?mount={secret}&from=secret/app    201
root     POST    /v2/mine/m4/blobs/uploads/?mount={secret}                    201
root[repository:mine/m5:pull,push]   POST   /v2/mine/m5/blobs/uploads/?mount={secret}&from=secret/app   202
root[repository:mine/m5:pull,push]   POST   /v2/mine/m5/blobs/uploads/?mount={secret}                   202
root[repository:mine/m5:pull,push repository:secret/app:pull]   POST   /v2/mine/m5/blobs/uploads/?mount={secret}&from=secret/app   201
nobody   POST    /v2/team/m1/blobs/uploads/?mount={layer}&from=public/app     401   ask repository:team/m1:pull,push repository:public/app:pull
alice[repository:team/app:pull]        POST   /v2/team/app/blobs/uploads/     401   wider repository:team/app:pull,push
alice[repository:team/app:pull,push]   POST   /v2/team/app/blobs/uploads/     202
bob[repository:team/app:pull,push]     POST   /v2/team/app/blobs/uploads/     202

# Uploads go on; knowing an upload's id is not enough.
alice    GET     /v2/team/app/blobs/uploads/{upload}   204
alice    HEAD    /v2/team/app/blobs/uploads/{upload}   204
alice    PATCH   /v2/team/app/blobs/uploads/{upload}#abc           202   Range: 0-2
alice    PUT     /v2/team/app/blobs/uploads/{upload}?digest={abc}#abc   201   Docker-Content-Digest: {abc}
alice    DELETE  /v2/team/app/blobs/uploads/{upload}   204
bob      PATCH   /v2/team/app/blobs/uploads/{upload}#abc           202
bob      PUT     /v2/team/app/blobs/uploads/{upload}?digest={abc}#abc   201
bob      DELETE  /v2/team/app/blobs/uploads/{upload}   204
nobody   GET     /v2/public/app/blobs/uploads/{upload}   401   ask repository:public/app:pull,push
nobody   HEAD    /v2/public/app/blobs/uploads/{upload}   401   ask repository:public/app:pull,push
nobody   PATCH   /v2/public/app/blobs/uploads/{upload}#abc   401   ask repository:public/app:pull,push
nobody   PUT     /v2/public/app/blobs/uploads/{upload}?digest={abc}#abc   401   ask repository:public/app:pull,push
nobody   DELETE  /v2/public/app/blobs/uploads/{upload}   401   ask repository:public/app:pull,push
carol    GET     /v2/team/app/blobs/uploads/{upload}   403   DENIED
carol    HEAD    /v2/team/app/blobs/uploads/{upload}   403
carol    PATCH   /v2/team/app/blobs/uploads/{upload}#abc   403   DENIED
carol    PUT     /v2/team/app/blobs/uploads/{upload}?digest={abc}#abc   403   DENIED
carol    DELETE  /v2/team/app/blobs/uploads/{upload}   403   DENIED
alice    GET     /v2/secret/app/blobs/uploads/{upload}   403   DENIED
alice[repository:team/app:pull]        PATCH   /v2/team/app/blobs/uploads/{upload}#abc   401   wider repository:team/app:pull,push
alice[repository:team/app:pull,push]   PATCH   /v2/team/app/blobs/uploads/{upload}#abc   202

# Accounts are administered by administrators, and looked after by those whose they are.
nobody   GET     /api/v1/openapi.json       200   Content-Type: application/json
nobody   HEAD    /api/v1/openapi.json       200
alice!   GET     /api/v1/openapi.json       200
nobody   GET     /api/v1/whoami             401   ask
alice    GET     /api/v1/whoami             200   Cache-Control: no-store
alice[]  GET     /api/v1/whoami             200
alice!   GET     /api/v1/whoami             401   ask
nobody   GET     /api/v1/users   401   ask registry:admin:*
carol    GET     /api/v1/users   403   DENIED
root     GET     /api/v1/users   200
nobody   HEAD    /api/v1/users   401   ask registry:admin:*
root     HEAD    /api/v1/users   200
root     PUT     /api/v1/users   405   Allow: GET, HEAD, POST
root[registry:admin:*]   GET   /api/v1/users   401   wider registry:admin:*
forged   GET     /api/v1/users   401   invalid registry:admin:*
nobody   POST    /api/v1/users#{"name":"erin","no_password":true}   401   ask registry:admin:*
carol    POST    /api/v1/users#{"name":"erin","no_password":true}   403   DENIED
root     POST    /api/v1/users#{"name":"erin","no_password":true}   201
root     POST    /api/v1/users#{"no_password":true,"name":"erin"}   409   CONFLICT
root     POST    /api/v1/users#{"name":"a/b"}   400
nobody   GET     /api/v1/users/alice   401   ask
carol    GET     /api/v1/users/alice   403   DENIED
alice    GET     /api/v1/users/alice   200
alice[registry:admin:*] GET /api/v1/users/alice   403   DENIED
root     GET     /api/v1/users/alice   200
root     GET     /api/v1/users/none   404   NOT_FOUND
carol    GET     /api/v1/users/none   403   DENIED
nobody   PATCH   /api/v1/users/{user}#{"disabled":true}   401   ask registry:admin:*
carol    PATCH   /api/v1/users/{user}#{"disabled":true}   403   DENIED
root     PATCH   /api/v1/users/{user}#{"disabled":true}   200
alice    PATCH   /api/v1/users/alice#{"disabled":false}   403   DENIED
nobody   DELETE  /api/v1/users/{user}   401   ask registry:admin:*
carol    DELETE  /api/v1/users/{user}   403   DENIED
root     DELETE  /api/v1/users/{user}   204
nobody   GET     /api/v1/users/alice/tokens   401   ask
carol    GET     /api/v1/users/alice/tokens   403   DENIED
alice    GET     /api/v1/users/alice/tokens   200
alice[registry:admin:*] GET /api/v1/users/alice/tokens   403   DENIED
nobody   POST    /api/v1/users/alice/tokens#{"note":"laptop"}   401   ask
carol    POST    /api/v1/users/alice/tokens#{"note":"laptop"}   403   DENIED
alice    POST    /api/v1/users/alice/tokens#{"note":"laptop"}   201
alice[registry:admin:*] POST /api/v1/users/alice/tokens#{"note":"laptop"}   403   DENIED
nobody   DELETE  /api/v1/users/alice/tokens/{token}   401   ask
carol    DELETE  /api/v1/users/alice/tokens/{token}   403   DENIED
alice    DELETE  /api/v1/users/alice/tokens/{token}   204
alice[registry:admin:*] DELETE /api/v1/users/alice/tokens/{token}   403   DENIED
root     DELETE  /api/v1/users/alice/tokens/{token}   204
nobody   GET     /api/v1/groups   401   ask registry:admin:*
carol    GET     /api/v1/groups   403   DENIED
root     GET     /api/v1/groups   200
nobody   POST    /api/v1/groups#{"name":"dev"}   401   ask registry:admin:*
carol    POST    /api/v1/groups#{"name":"dev"}   403   DENIED
root     POST    /api/v1/groups#{"name":"dev"}   201
nobody   GET     /api/v1/groups/{group}   401   ask registry:admin:*
carol    GET     /api/v1/groups/{group}   403   DENIED
root     GET     /api/v1/groups/{group}   200
nobody   DELETE  /api/v1/groups/{group}   401   ask registry:admin:*
carol    DELETE  /api/v1/groups/{group}   403   DENIED
root     DELETE  /api/v1/groups/{group}   204
nobody   GET     /api/v1/groups/{group}/members   401   ask registry:admin:*
carol    GET     /api/v1/groups/{group}/members   403   DENIED
root     GET     /api/v1/groups/{group}/members   200
nobody   PUT     /api/v1/groups/{group}/members/alice   401   ask registry:admin:*
carol    PUT     /api/v1/groups/{group}/members/alice   403   DENIED
root     PUT     /api/v1/groups/{group}/members/alice   204
root     DELETE  /api/v1/groups/dev/members/bob   404   NOT_FOUND
root     PUT     /api/v1/groups/dev/members/alice   204
nobody   DELETE  /api/v1/groups/dev/members/alice   401   ask registry:admin:*
carol    DELETE  /api/v1/groups/dev/members/alice   403   DENIED
root     DELETE  /api/v1/groups/dev/members/alice   204
nobody   GET     /api/v1/robots   401   ask registry:admin:*
carol    GET     /api/v1/robots   403   DENIED
root     GET     /api/v1/robots   200
nobody   POST    /api/v1/robots#{"name":"ci","can":["pull:team/**"]}   401   ask registry:admin:*
carol    POST    /api/v1/robots#{"name":"ci","can":["pull:team/**"]}   403   DENIED
root     POST    /api/v1/robots#{"name":"ci","can":["pull:team/**"]}   201
nobody   GET     /api/v1/robots/{robot}   401   ask registry:admin:*
carol    GET     /api/v1/robots/{robot}   403   DENIED
root     GET     /api/v1/robots/{robot}   200
nobody   POST    /api/v1/robots/{robot}/rotate#{}   401   ask registry:admin:*
carol    POST    /api/v1/robots/{robot}/rotate#{}   403   DENIED
root     POST    /api/v1/robots/{robot}/rotate#{}   200
nobody   DELETE  /api/v1/robots/{robot}   401   ask registry:admin:*
carol    DELETE  /api/v1/robots/{robot}   403   DENIED
root     DELETE  /api/v1/robots/{robot}   204
nobody   GET     /api/v1/rules   401   ask registry:admin:*
carol    GET     /api/v1/rules   403   DENIED
root     GET     /api/v1/rules   200
nobody   POST    /api/v1/rules#{"rule":"allow\\u0020pull\\u0020to\\u0020user:erin"}   401   ask registry:admin:*
carol    POST    /api/v1/rules#{"rule":"allow\\u0020pull\\u0020to\\u0020user:erin"}   403   DENIED
root     POST    /api/v1/rules#{"rule":"allow\\u0020pull\\u0020to\\u0020user:erin"}   201
nobody   DELETE  /api/v1/rules/{rule}   401   ask registry:admin:*
carol    DELETE  /api/v1/rules/{rule}   403   DENIED
root     DELETE  /api/v1/rules/{rule}   204
nobody   GET     /api/v1/explain?who=alice&action=pull&repository=team/app   401   ask registry:admin:*
carol    GET     /api/v1/explain?who=alice&action=pull&repository=team/app   403   DENIED
root     GET     /api/v1/explain?who=alice&action=pull&repository=team/app   200
nobody   POST    /api/v1/garbage-collections#{"dry_run":true}   401   ask registry:admin:*
carol    POST    /api/v1/garbage-collections#{"dry_run":true}   403   DENIED
root     POST    /api/v1/garbage-collections#{"dry_run":true}   202
nobody   GET     /api/v1/garbage-collections/1   401   ask registry:admin:*
carol    GET     /api/v1/garbage-collections/1   403   DENIED
root     GET     /api/v1/garbage-collections/1   200
nobody   POST    /api/v1/checks#{"fast":true}   401   ask registry:admin:*
carol    POST    /api/v1/checks#{"fast":true}   403   DENIED
root     POST    /api/v1/checks#{"fast":true}   202
nobody   GET     /api/v1/checks/1   401   ask registry:admin:*
carol    GET     /api/v1/checks/1   403   DENIED
root     GET     /api/v1/checks/1   200
nobody   GET     /api/v1/retention/rules   401   ask registry:admin:*
carol    GET     /api/v1/retention/rules   403   DENIED
root     GET     /api/v1/retention/rules   200
nobody   POST    /api/v1/retention/plans#{"rules":[{"action":"keep","newest":5}]}   401   ask registry:admin:*
carol    POST    /api/v1/retention/plans#{"rules":[{"action":"keep","newest":5}]}   403   DENIED
root     POST    /api/v1/retention/plans#{"rules":[{"action":"keep","newest":5}]}   200
root     POST    /api/v1/retention/plans#{}   400   REQUEST_INVALID
nobody   POST    /api/v1/retention/plans/1ca0c17a5123d0bc4208a94e6b425d789df14135bd0e88f056e5f11fe260b174/apply#{}   401   ask registry:admin:*
carol    POST    /api/v1/retention/plans/1ca0c17a5123d0bc4208a94e6b425d789df14135bd0e88f056e5f11fe260b174/apply#{}   403   DENIED
root     POST    /api/v1/retention/plans/none/apply#{}   404   NOT_FOUND
root     POST    /api/v1/retention/plans/1ca0c17a5123d0bc4208a94e6b425d789df14135bd0e88f056e5f11fe260b174/apply#{}   202
nobody   GET     /api/v1/retention/runs/1   401   ask registry:admin:*
carol    GET     /api/v1/retention/runs/1   403   DENIED
root     GET     /api/v1/retention/runs/1   200
nobody   GET     /api/v1/jobs   401   ask registry:admin:*
carol    GET     /api/v1/jobs   403   DENIED
root     GET     /api/v1/jobs   200
nobody   GET     /api/v1/jobs/scrub   401   ask registry:admin:*
carol    GET     /api/v1/jobs/scrub   403   DENIED
root     GET     /api/v1/jobs/scrub   200
root     GET     /api/v1/jobs/none   404   NOT_FOUND
nobody   POST    /api/v1/jobs/upload-purge/start#{}   401   ask registry:admin:*
carol    POST    /api/v1/jobs/upload-purge/start#{}   403   DENIED
root     POST    /api/v1/jobs/upload-purge/start#{}   202
nobody   POST    /api/v1/jobs/scrub/stop#{}   401   ask registry:admin:*
carol    POST    /api/v1/jobs/scrub/stop#{}   403   DENIED
root     POST    /api/v1/jobs/scrub/stop#{}   200
nobody   GET     /api/v1/content/sha256:0000000000000000000000000000000000000000000000000000000000000000   401   ask registry:admin:*
carol    GET     /api/v1/content/sha256:0000000000000000000000000000000000000000000000000000000000000000   403   DENIED
root     GET     /api/v1/content/sha256:0000000000000000000000000000000000000000000000000000000000000000   200
nobody   GET     /api/v1/usage?repositories=team/**   401   ask registry:admin:*
carol    GET     /api/v1/usage?repositories=team/**   403   DENIED
root     GET     /api/v1/usage?repositories=team/**   200
nobody   GET     /api/v1/trash   401   ask registry:admin:*
carol    GET     /api/v1/trash   403   DENIED
root     GET     /api/v1/trash   200
nobody   POST    /api/v1/undo#{"repository":"team/none","tag":"v1"}   401   ask registry:admin:*
carol    POST    /api/v1/undo#{"repository":"team/none","tag":"v1"}   403   DENIED
root     POST    /api/v1/undo#{"repository":"team/none","tag":"v1"}   404
root     POST    /api/v1/undo#{"repository":"team/app","tag":"old"}   200
nobody   GET     /api/v1/tag-history?repository=team/app&tag=v1   401   ask registry:admin:*
carol    GET     /api/v1/tag-history?repository=team/app&tag=v1   403   DENIED
root     GET     /api/v1/tag-history?repository=team/app&tag=v1   200
nobody   POST    /api/v1/renames#{"from":"public/app","to":"public/new"}   401   ask registry:admin:*
carol    POST    /api/v1/renames#{"from":"public/app","to":"public/new"}   403   DENIED
root     POST    /api/v1/renames#{"from":"public/none","to":"public/new"}   404   NAME_UNKNOWN
root     POST    /api/v1/renames#{"from":"public/app","to":"team/app"}   409
root     POST    /api/v1/renames#{"from":"team/hidden","to":"team/shown"}   200
# The old name is what it stands for: rules are that one's, and a token for the old name is enough for the old name.
alice    GET     /v2/team/hidden/tags/list?n=5   200
alice    GET     /v2/team/shown/manifests/v1   200
alice[repository:team/hidden:pull]   HEAD   /v2/team/hidden/manifests/v1   200
alice[repository:team/hidden:pull]   GET   /v2/team/shown/manifests/v1   401   wider repository:team/shown:pull
carol    GET     /v2/team/hidden/tags/list   403   DENIED
root     POST    /api/v1/renames#{"to":"team/hidden","from":"team/shown"}   200
alice    GET     /v2/team/shown/tags/list   403   DENIED
alice    GET     /v2/team/hidden/referrers/{digest}   403   DENIED
nobody   GET     /api/v1/aliases   401   ask registry:admin:*
carol    GET     /api/v1/aliases   403   DENIED
root     GET     /api/v1/aliases   200
nobody   DELETE  /api/v1/aliases?alias=team/shown   401   ask registry:admin:*
carol    DELETE  /api/v1/aliases?alias=team/shown   403   DENIED
root     DELETE  /api/v1/aliases?alias=team/shown   204
nobody   DELETE  /api/v1/repositories?repository=secret/app   401   ask registry:admin:*
carol    DELETE  /api/v1/repositories?repository=secret/app   403   DENIED
root     DELETE  /api/v1/repositories?repository=secret/app   200
root     POST    /api/v1/undo#{"repository":"secret/app"}   200
nobody   GET     /api/v1/adoption   401   ask registry:admin:*
carol    GET     /api/v1/adoption   403   DENIED
root     GET     /api/v1/adoption   200
nobody   POST    /api/v1/adoption/run#{}   401   ask registry:admin:*
carol    POST    /api/v1/adoption/run#{}   403   DENIED
root     POST    /api/v1/adoption/run#{}   202
nobody   POST    /api/v1/adoption/accept-losses#{}   401   ask registry:admin:*
carol    POST    /api/v1/adoption/accept-losses#{}   403   DENIED
root     POST    /api/v1/adoption/accept-losses#{}   200
nobody   POST    /api/v1/exports#{}   401   ask registry:admin:*
carol    POST    /api/v1/exports#{}   403   DENIED
root     POST    /api/v1/exports#{}   202
nobody   POST    /api/v1/backups#{"directory":"/anywhere"}   401   ask registry:admin:*
carol    POST    /api/v1/backups#{"directory":"/anywhere"}   403   DENIED
root     POST    /api/v1/backups#{"directory":"/anywhere"}   403   DENIED
nobody   POST    /api/v1/imports#{"layout":"/anywhere"}   401   ask registry:admin:*
carol    POST    /api/v1/imports#{"layout":"/anywhere"}   403   DENIED
root     POST    /api/v1/imports#{"layout":"/anywhere"}   403   DENIED
nobody   POST    /api/v1/layouts#{"directory":"/anywhere","images":["a:b"]}   401   ask registry:admin:*
carol    POST    /api/v1/layouts#{"directory":"/anywhere","images":["a:b"]}   403   DENIED
root     POST    /api/v1/layouts#{"directory":"/anywhere","images":["a:b"]}   403   DENIED
nobody   GET     /api/v1/transfers/1   401   ask registry:admin:*
carol    GET     /api/v1/transfers/1   403   DENIED
root     GET     /api/v1/transfers/1   404   NOT_FOUND
nobody   GET     /api/v1/backups/1   401   ask registry:admin:*
carol    GET     /api/v1/backups/1   403   DENIED
root     GET     /api/v1/backups/1   404   NOT_FOUND
nobody   GET     /api/v1/exports/1   401   ask registry:admin:*
carol    GET     /api/v1/exports/1   403   DENIED
root     GET     /api/v1/exports/1   200
nobody   GET     /api/v1/pins   401   ask registry:admin:*
carol    GET     /api/v1/pins   403   DENIED
root     GET     /api/v1/pins   200
nobody   POST    /api/v1/pins#{"repository":"team/app","reference":"v1"}   401   ask registry:admin:*
carol    POST    /api/v1/pins#{"repository":"team/app","reference":"v1"}   403   DENIED
root     POST    /api/v1/pins#{"repository":"team/app","reference":"v1"}   200
nobody   DELETE  /api/v1/pins?repository=team/app&digest={digest}   401   ask registry:admin:*
carol    DELETE  /api/v1/pins?repository=team/app&digest={digest}   403   DENIED
root     DELETE  /api/v1/pins?repository=team/app&digest={digest}   204
nobody   GET     /api/v1/read-only   401   ask registry:admin:*
carol    GET     /api/v1/read-only   403   DENIED
root     GET     /api/v1/read-only   200
nobody   PATCH   /api/v1/read-only#{"read_only":true}   401   ask registry:admin:*
carol    PATCH   /api/v1/read-only#{"read_only":true}   403   DENIED
root     PATCH   /api/v1/read-only#{"read_only":true}   200
alice    POST    /v2/team/read/blobs/uploads/   405   UNSUPPORTED
root     PATCH   /api/v1/read-only#{"read_only":false}   200
"""
