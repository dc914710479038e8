// The admin API's handlers of routes.cpp's table, one source for each kind of account.
#pragma once

#include "api/admin/admin_parts.h"

namespace berth::admin {

// users.cpp
Task<Answer> get_users(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_user(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_user(const AdminParts& admin, Exchange& exchange);
Task<Answer> patch_user(const AdminParts& admin, Exchange& exchange);
Task<Answer> delete_user(const AdminParts& admin, Exchange& exchange);

// tokens.cpp
Task<Answer> get_tokens(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_token(const AdminParts& admin, Exchange& exchange);
Task<Answer> delete_token(const AdminParts& admin, Exchange& exchange);

// groups.cpp
Task<Answer> get_groups(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_group(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_group(const AdminParts& admin, Exchange& exchange);
Task<Answer> delete_group(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_members(const AdminParts& admin, Exchange& exchange);
Task<Answer> put_member(const AdminParts& admin, Exchange& exchange);
Task<Answer> delete_member(const AdminParts& admin, Exchange& exchange);

// robots.cpp
Task<Answer> get_robots(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_robot(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_robot(const AdminParts& admin, Exchange& exchange);
Task<Answer> delete_robot(const AdminParts& admin, Exchange& exchange);
Task<Answer> rotate_robot(const AdminParts& admin, Exchange& exchange);

// rules.cpp
Task<Answer> get_rules(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_rule(const AdminParts& admin, Exchange& exchange);
Task<Answer> delete_rule(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_explanation(const AdminParts& admin, Exchange& exchange);

// collection.cpp
Task<Answer> post_collection(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_collection(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_content(const AdminParts& admin, Exchange& exchange);

// trash.cpp
Task<Answer> get_trash(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_undo(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_tag_history(const AdminParts& admin, Exchange& exchange);

// repositories.cpp
Task<Answer> delete_repository(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_rename(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_pins(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_pin(const AdminParts& admin, Exchange& exchange);
Task<Answer> delete_pin(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_aliases(const AdminParts& admin, Exchange& exchange);
Task<Answer> delete_alias(const AdminParts& admin, Exchange& exchange);

// migration.cpp
Task<Answer> get_adoption(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_adoption_run(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_adoption_acceptance(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_export(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_export(const AdminParts& admin, Exchange& exchange);

// backups.cpp
Task<Answer> post_backup(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_backup(const AdminParts& admin, Exchange& exchange);

// transfers.cpp
Task<Answer> post_import(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_layout(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_transfer(const AdminParts& admin, Exchange& exchange);

// read_only.cpp
Task<Answer> get_read_only(const AdminParts& admin, Exchange& exchange);
Task<Answer> patch_read_only(const AdminParts& admin, Exchange& exchange);

// checks.cpp
Task<Answer> post_check(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_check(const AdminParts& admin, Exchange& exchange);

// retention.cpp
Task<Answer> get_retention_rules(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_retention_plan(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_retention_apply(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_retention_run(const AdminParts& admin, Exchange& exchange);
// jobs.cpp
Task<Answer> get_jobs(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_job(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_job_start(const AdminParts& admin, Exchange& exchange);
Task<Answer> post_job_stop(const AdminParts& admin, Exchange& exchange);
// usage.cpp
Task<Answer> get_usage(const AdminParts& admin, Exchange& exchange);

// whoami.cpp
Task<Answer> get_whoami(const AdminParts& admin, Exchange& exchange);
Task<Answer> get_openapi(const AdminParts& admin, Exchange& exchange);

}  // namespace berth::admin
