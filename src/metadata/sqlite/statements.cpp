#include "metadata/sqlite/statements.h"

#include <array>

namespace berth::sqlite {
namespace {

struct Row {
  Statement statement;
  std::string_view text;
};

// Rules, held by statements_test.cpp: every access is by key or keyset (no SCAN), nothing sorts. "The repository NAME"
// is a scalar subquery, which is empty for an unknown one and then matches nothing.
constexpr std::array<Row, kStatementCount> kTable{{
    {Statement::begin_write, "BEGIN IMMEDIATE"},
    {Statement::commit, "COMMIT"},
    {Statement::rollback, "ROLLBACK"},
    {Statement::open_savepoint, "SAVEPOINT request"},
    {Statement::undo_savepoint, "ROLLBACK TO request"},
    {Statement::close_savepoint, "RELEASE request"},

    {Statement::read_setting, "SELECT value FROM setting WHERE name = ?1"},
    {Statement::write_setting,
     "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"},
    {Statement::find_repository, "SELECT id FROM repository WHERE name = ?1"},
    {Statement::create_repository, "INSERT INTO repository (name, created) VALUES (?1, ?2)"},
    {Statement::list_repositories,
     "SELECT name FROM repository WHERE is_listed = 1 AND name > ?1 ORDER BY name LIMIT ?2"},
    {Statement::add_manifest_count,
     "UPDATE repository SET manifest_count = manifest_count + ?2, is_deleted = 0 WHERE id = ?1"},
    {Statement::update_listing,
     "UPDATE repository SET is_listed = (manifest_count > 0) WHERE id = ?1 AND is_listed <> (manifest_count > 0)"},
    {Statement::repository_exists, "SELECT 1 FROM repository WHERE name = ?1 AND is_deleted = 0"},
    {Statement::revive_repository, "UPDATE repository SET is_deleted = 0 WHERE id = ?1 AND is_deleted = 1"},
    {Statement::mark_repository_deleted, "UPDATE repository SET is_deleted = 1 WHERE id = ?1 AND manifest_count = 0"},
    {Statement::rename_repository, "UPDATE repository SET name = ?2 WHERE id = ?1"},
    {Statement::list_manifests_of_repository, "SELECT id, digest FROM manifest WHERE repository = ?1 LIMIT ?2"},
    {Statement::list_blobs_of_manifest, "SELECT child FROM manifest_reference WHERE manifest = ?1 AND kind <> 3"},
    {Statement::find_alias,
     "SELECT repository, until, (SELECT r.name FROM repository r WHERE r.id = repository)"
     " FROM repository_alias WHERE name = ?1"},
    {Statement::put_alias,
     "INSERT INTO repository_alias (name, repository, until) VALUES (?1, ?2, ?3)"
     " ON CONFLICT (name) DO UPDATE SET repository = excluded.repository, until = excluded.until"},
    {Statement::delete_alias, "DELETE FROM repository_alias WHERE name = ?1"},
    {Statement::list_aliases,
     "SELECT a.name, (SELECT name FROM repository WHERE id = a.repository), a.until, a.repository"
     " FROM repository_alias a WHERE a.name > ?1 ORDER BY a.name LIMIT ?2"},

    {Statement::find_blob,
     "SELECT b.size, l.promised_until FROM repository_blob l JOIN blob b ON b.digest = l.digest"
     " WHERE l.digest = ?2 AND l.repository = (SELECT id FROM repository WHERE name = ?1) AND b.state = 1"},
    {Statement::find_linked_size,
     "SELECT b.size FROM repository_blob l JOIN blob b ON b.digest = l.digest"
     " WHERE l.digest = ?1 AND l.repository = ?2 AND b.state = 1"},
    {Statement::find_any_link, "SELECT repository FROM repository_blob WHERE digest = ?1 LIMIT 1"},
    {Statement::find_blob_state, "SELECT state FROM blob WHERE digest = ?1"},
    {Statement::find_blob_size, "SELECT size FROM blob WHERE digest = ?1 AND state = 1"},
    {Statement::put_blob,
     "INSERT INTO blob (digest, size, state, verified) VALUES (?1, ?2, 1, ?3)"
     " ON CONFLICT (digest) DO UPDATE SET size = excluded.size, state = 1, verified = excluded.verified"},
    {Statement::mark_blob_missing, "UPDATE blob SET state = 3 WHERE digest = ?1 AND state = 1"},
    {Statement::put_link,
     "INSERT INTO repository_blob (digest, repository, promised_until) VALUES (?1, ?2, ?3)"
     " ON CONFLICT (digest, repository) DO UPDATE SET promised_until = max(promised_until, excluded.promised_until)"},
    {Statement::read_link_promise, "SELECT promised_until FROM repository_blob WHERE digest = ?1 AND repository = ?2"},
    {Statement::renew_link_promise,
     "UPDATE repository_blob SET promised_until = max(promised_until, ?3) WHERE digest = ?1 AND repository = ?2"},
    {Statement::delete_link, "DELETE FROM repository_blob WHERE digest = ?1 AND repository = ?2"},
    {Statement::find_manifest_that_names,
     "SELECT m.digest FROM manifest_reference r JOIN manifest m ON m.id = r.manifest"
     " WHERE r.child = ?1 AND r.repository = ?2 AND r.kind <> 3 LIMIT 1"},

    {Statement::find_manifest,
     "SELECT digest, media_type, artifact_type, pushed, promised_until, bytes FROM manifest"
     " WHERE digest = ?2 AND repository = (SELECT id FROM repository WHERE name = ?1)"},
    {Statement::find_tagged_manifest,
     "SELECT m.digest, m.media_type, m.artifact_type, m.pushed, m.promised_until, m.bytes"
     " FROM tag t JOIN manifest m ON m.id = t.manifest"
     " WHERE t.repository = (SELECT id FROM repository WHERE name = ?1) AND t.name = ?2"},
    {Statement::find_manifest_id, "SELECT id FROM manifest WHERE digest = ?1 AND repository = ?2"},
    {Statement::find_manifest_size, "SELECT size FROM manifest WHERE digest = ?1 AND repository = ?2"},
    {Statement::find_manifest_anywhere, "SELECT id FROM manifest WHERE digest = ?1 LIMIT 1"},
    {Statement::create_manifest,
     "INSERT INTO manifest (repository, digest, media_type, artifact_type, subject, size, pushed, promised_until,"
     " annotations, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
    {Statement::renew_manifest_promise,
     "UPDATE manifest SET promised_until = max(promised_until, ?3) WHERE digest = ?1 AND repository = ?2"},
    {Statement::delete_manifest, "DELETE FROM manifest WHERE id = ?1"},
    {Statement::create_reference,
     "INSERT INTO manifest_reference (manifest, child, kind, repository) VALUES (?1, ?2, ?3, ?4)"
     " ON CONFLICT (manifest, child, kind) DO NOTHING"},
    // ReviewKind: 3 for a manifest, 2 for a link; what is reviewed is named by the kind of the reference.
    {Statement::review_children,
     "INSERT INTO review (digest, repository, kind, due)"
     " SELECT child, repository, CASE kind WHEN 3 THEN 3 ELSE 2 END, ?2 FROM manifest_reference WHERE manifest = ?1"
     " ON CONFLICT (digest, repository, kind) DO UPDATE SET due = max(due, excluded.due)"},
    {Statement::review_referrers,
     "INSERT INTO review (digest, repository, kind, due)"
     " SELECT digest, repository, 3, ?3 FROM manifest WHERE subject = ?1 AND repository = ?2"
     " ON CONFLICT (digest, repository, kind) DO UPDATE SET due = max(due, excluded.due)"},
    {Statement::delete_references, "DELETE FROM manifest_reference WHERE manifest = ?1"},
    {Statement::list_referrers,
     "SELECT digest, media_type, artifact_type, size, annotations FROM manifest"
     " WHERE subject = ?2 AND repository = (SELECT id FROM repository WHERE name = ?1) AND digest > ?3"
     " ORDER BY digest LIMIT ?4"},
    {Statement::list_referrers_of_type,
     "SELECT digest, media_type, artifact_type, size, annotations FROM manifest"
     " WHERE subject = ?2 AND repository = (SELECT id FROM repository WHERE name = ?1) AND artifact_type = ?5"
     " AND digest > ?3 ORDER BY digest LIMIT ?4"},

    {Statement::find_tag,
     "SELECT m.digest FROM tag t JOIN manifest m ON m.id = t.manifest WHERE t.repository = ?1 AND t.name = ?2"},
    {Statement::put_tag,
     "INSERT INTO tag (repository, name, manifest) VALUES (?1, ?2, ?3)"
     " ON CONFLICT (repository, name) DO UPDATE SET manifest = excluded.manifest"},
    {Statement::delete_tag, "DELETE FROM tag WHERE repository = ?1 AND name = ?2"},
    {Statement::list_tags,
     "SELECT name FROM tag WHERE repository = (SELECT id FROM repository WHERE name = ?1) AND name > ?2"
     " ORDER BY name LIMIT ?3"},
    {Statement::list_tags_of_manifest, "SELECT name FROM tag WHERE manifest = ?1 ORDER BY name"},
    {Statement::create_tag_change,
     "INSERT INTO tag_history (repository, name, number, at, who, was, became) VALUES (?1, ?2, 1 + coalesce((SELECT "
     "number"
     " FROM tag_history WHERE repository = ?1 AND name = ?2 ORDER BY number DESC LIMIT 1), 0), ?3, ?4, ?5, ?6)"},
    {Statement::list_tag_changes,
     "SELECT at, who, was, became FROM tag_history"
     " WHERE repository = (SELECT id FROM repository WHERE name = ?1) AND name = ?2 ORDER BY number DESC LIMIT ?3"},

    {Statement::queue_copy, "INSERT INTO manifest_copy (manifest) VALUES (?1)"},
    {Statement::list_copies,
     "SELECT c.manifest, m.digest, m.bytes FROM manifest_copy c JOIN manifest m ON m.id = c.manifest"
     " WHERE c.manifest > 0 ORDER BY c.manifest LIMIT ?1"},
    {Statement::delete_copy, "DELETE FROM manifest_copy WHERE manifest = ?1"},
    // With the digest: the end of a copy can come so late that its manifest went and another has its number.
    {Statement::finish_copy,
     "DELETE FROM manifest_copy WHERE manifest = ?1 AND ?2 = (SELECT digest FROM manifest WHERE id = ?1)"},

    {Statement::create_upload,
     "INSERT INTO upload (id, repository, owner, generation, started, last_active, durable_offset, algorithm,"
     " hash_state, expected) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
    {Statement::find_upload,
     "SELECT id, repository, owner, generation, started, last_active, durable_offset, algorithm, hash_state, expected"
     " FROM upload WHERE id = ?1"},
    {Statement::claim_upload,
     "UPDATE upload SET owner = ?2, generation = generation + 1, last_active = ?3 WHERE id = ?1 AND owner <> ?2"},
    {Statement::record_upload_progress,
     "UPDATE upload SET durable_offset = ?3, algorithm = ?4, hash_state = ?5, last_active = ?6"
     " WHERE id = ?1 AND generation = ?2"},
    {Statement::record_upload_expectation,
     "UPDATE upload SET durable_offset = ?3, algorithm = ?4, hash_state = ?5, last_active = ?6, expected = ?7"
     " WHERE id = ?1 AND generation = ?2"},
    {Statement::delete_upload, "DELETE FROM upload WHERE id = ?1"},
    {Statement::move_upload, "UPDATE upload SET repository = ?2 WHERE id = ?1"},
    {Statement::list_uploads,
     "SELECT id, repository, owner, generation, started, last_active, durable_offset, algorithm, hash_state, expected"
     " FROM upload WHERE id > ?1 AND started < ?2 ORDER BY id LIMIT ?3"},

    {Statement::put_review,
     "INSERT INTO review (digest, repository, kind, due) VALUES (?1, ?2, ?3, ?4)"
     " ON CONFLICT (digest, repository, kind) DO UPDATE SET due = max(due, excluded.due)"},
    {Statement::list_due_reviews,
     "SELECT v.kind, (SELECT name FROM repository WHERE id = v.repository), v.digest, v.due FROM review v"
     " WHERE v.due <= ?1 ORDER BY v.due LIMIT ?2"},
    {Statement::list_reviews,
     "SELECT v.kind, v.repository, (SELECT name FROM repository WHERE id = v.repository), v.digest, v.due FROM review v"
     " WHERE (v.digest, v.repository, v.kind) > (?1, ?2, ?3) ORDER BY v.digest, v.repository, v.kind LIMIT ?4"},
    {Statement::list_reviews_of,
     "SELECT v.kind, (SELECT name FROM repository WHERE id = v.repository), v.due FROM review v"
     " WHERE v.digest = ?1 ORDER BY v.repository, v.kind LIMIT ?2"},
    {Statement::find_review_due, "SELECT due FROM review WHERE digest = ?1 AND repository = ?2 AND kind = ?3"},
    {Statement::delete_review, "DELETE FROM review WHERE digest = ?1 AND repository = ?2 AND kind = ?3"},
    {Statement::find_manifest_facts,
     "SELECT id, subject, max(pushed, coalesce(last_pulled, 0)), promised_until, size,"
     " EXISTS (SELECT 1 FROM pin p WHERE p.repository = ?2 AND p.digest = ?1)"
     " FROM manifest WHERE digest = ?1 AND repository = ?2"},
    {Statement::list_indexes_that_name,
     "SELECT m.digest FROM manifest_reference r JOIN manifest m ON m.id = r.manifest"
     " WHERE r.child = ?1 AND r.repository = ?2 AND r.kind = 3"},
    {Statement::list_manifests_that_name,
     "SELECT m.digest FROM manifest_reference r JOIN manifest m ON m.id = r.manifest"
     " WHERE r.child = ?1 AND r.repository = ?2 AND r.kind <> 3"},
    {Statement::list_links_of_blob,
     "SELECT (SELECT name FROM repository WHERE id = l.repository), l.promised_until FROM repository_blob l"
     " WHERE l.digest = ?1"},
    {Statement::list_references_to,
     "SELECT (SELECT name FROM repository WHERE id = r.repository), m.digest"
     " FROM manifest_reference r JOIN manifest m ON m.id = r.manifest WHERE r.child = ?1"},
    {Statement::list_manifests_of_digest,
     "SELECT (SELECT name FROM repository WHERE id = m.repository), m.id, m.promised_until FROM manifest m"
     " WHERE m.digest = ?1"},
    {Statement::list_children, "SELECT child, kind FROM manifest_reference WHERE manifest = ?1"},
    {Statement::list_referring_manifests, "SELECT digest FROM manifest WHERE subject = ?1 AND repository = ?2"},
    {Statement::find_blob_facts, "SELECT size, state FROM blob WHERE digest = ?1"},
    {Statement::mark_blob_deleting, "UPDATE blob SET state = 2 WHERE digest = ?1"},
    {Statement::list_deleting_blobs,
     "SELECT digest, size FROM blob INDEXED BY blob_deleting WHERE state = 2 AND digest > ?1 ORDER BY digest LIMIT ?2"},
    {Statement::finish_blob_removal, "DELETE FROM blob WHERE digest = ?1 AND state = 2"},
    {Statement::list_untagged_manifests,
     "SELECT (SELECT name FROM repository WHERE id = m.repository), m.digest,"
     " (SELECT due FROM review WHERE digest = m.digest AND repository = m.repository AND kind = 3) FROM manifest m"
     " WHERE m.id > ?1 AND m.id <= ?2 AND NOT EXISTS (SELECT 1 FROM tag WHERE manifest = m.id)"},
    {Statement::find_last_manifest, "SELECT id FROM manifest WHERE id > ?1 ORDER BY id DESC LIMIT 1"},
    {Statement::create_removal,
     "INSERT INTO removal (at, kind, repository, digest, size, why) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
    {Statement::list_removals_of,
     "SELECT at, kind, repository, size, why FROM removal WHERE digest = ?1 ORDER BY number DESC LIMIT ?2"},
    {Statement::delete_old_removals,
     "DELETE FROM removal WHERE number IN (SELECT number FROM removal WHERE at < ?1 ORDER BY at LIMIT ?2)"},
    {Statement::trash_manifest,
     "INSERT INTO trash (repository, digest, media_type, artifact_type, subject, size, pushed, last_pulled, "
     "annotations,"
     " trashed, who, tags, bytes) SELECT repository, digest, media_type, artifact_type, subject, size, pushed,"
     " last_pulled, annotations, ?2, ?3, ?4, bytes FROM manifest WHERE id = ?1"},
    {Statement::trash_references,
     "INSERT INTO trash_reference (trash, child, kind) SELECT ?1, child, kind FROM manifest_reference"
     " WHERE manifest = ?2"},
    {Statement::find_trash, "SELECT number FROM trash WHERE digest = ?1 AND repository = ?2"},
    {Statement::find_trash_tags, "SELECT digest, tags, size FROM trash WHERE number = ?1"},
    {Statement::list_trash,
     "SELECT t.number, (SELECT name FROM repository WHERE id = t.repository), t.digest, t.media_type, t.artifact_type,"
     " t.size, t.trashed, t.who, t.tags FROM trash t WHERE t.number > ?1 ORDER BY t.number LIMIT ?2"},
    {Statement::list_trash_of_repository,
     "SELECT t.number, (SELECT name FROM repository WHERE id = t.repository), t.digest, t.media_type, t.artifact_type,"
     " t.size, t.trashed, t.who, t.tags FROM trash t WHERE t.repository = (SELECT id FROM repository WHERE name = ?3)"
     " AND t.number > ?1 ORDER BY t.number LIMIT ?2"},
    {Statement::list_trash_of_digest,
     "SELECT (SELECT name FROM repository WHERE id = t.repository), t.digest FROM trash t WHERE t.digest = ?1"},
    {Statement::list_trash_that_names,
     "SELECT (SELECT name FROM repository WHERE id = t.repository), t.digest"
     " FROM trash_reference r JOIN trash t ON t.number = r.trash WHERE r.child = ?1"},
    {Statement::list_trash_about, "SELECT number FROM trash WHERE subject = ?1 AND repository = ?2"},
    {Statement::list_old_trash, "SELECT number, digest FROM trash WHERE trashed < ?1 ORDER BY trashed LIMIT ?2"},
    {Statement::list_trash_children, "SELECT child, kind FROM trash_reference WHERE trash = ?1"},
    {Statement::list_all_trash_children,
     "SELECT DISTINCT child FROM trash_reference WHERE child > ?1 ORDER BY child LIMIT ?2"},
    {Statement::restore_manifest,
     "INSERT INTO manifest (repository, digest, media_type, artifact_type, subject, size, pushed, last_pulled,"
     " promised_until, annotations, bytes) SELECT repository, digest, media_type, artifact_type, subject, size, pushed,"
     " last_pulled, ?2, annotations, bytes FROM trash WHERE number = ?1"},
    {Statement::restore_references,
     "INSERT INTO manifest_reference (manifest, child, kind, repository) SELECT ?1, child, kind, ?3 FROM "
     "trash_reference"
     " WHERE trash = ?2"},
    {Statement::review_trash_children,
     "INSERT INTO review (digest, repository, kind, due) SELECT child, 0, 1, ?2 FROM trash_reference WHERE trash = ?1"
     " ON CONFLICT (digest, repository, kind) DO UPDATE SET due = max(due, excluded.due)"},
    {Statement::delete_trash_references, "DELETE FROM trash_reference WHERE trash = ?1"},
    {Statement::delete_trash, "DELETE FROM trash WHERE number = ?1"},

    {Statement::list_blobs,
     "SELECT digest, size, state, verified FROM blob WHERE digest > ?1 ORDER BY digest LIMIT ?2"},
    {Statement::list_least_recently_verified,
     "SELECT digest, size, state, verified FROM blob INDEXED BY blob_by_verified"
     " WHERE state = 1 AND verified < ?1 AND (verified, digest) > (?2, ?3) ORDER BY verified, digest LIMIT ?4"},
    {Statement::find_blob_record, "SELECT digest, size, state, verified FROM blob WHERE digest = ?1"},
    {Statement::record_blob_verified, "UPDATE blob SET verified = ?2 WHERE digest = ?1 AND state = 1"},
    {Statement::mark_blob_found, "UPDATE blob SET state = 1, verified = ?2 WHERE digest = ?1 AND state = 3"},
    {Statement::list_manifest_rows_of_digest,
     "SELECT m.id, m.repository, (SELECT name FROM repository WHERE id = m.repository), m.digest FROM manifest m"
     " WHERE m.digest = ?1 LIMIT ?2"},
    {Statement::list_manifest_rows_that_name,
     "SELECT m.id, m.repository, (SELECT name FROM repository WHERE id = m.repository), m.digest"
     " FROM manifest_reference r JOIN manifest m ON m.id = r.manifest WHERE r.child = ?1 AND r.kind <> 3 LIMIT ?2"},
    {Statement::list_index_rows_that_name,
     "SELECT m.id, m.repository, (SELECT name FROM repository WHERE id = m.repository), m.digest"
     " FROM manifest_reference r JOIN manifest m ON m.id = r.manifest"
     " WHERE r.child = ?1 AND r.repository = ?2 AND r.kind = 3 LIMIT ?3"},
    {Statement::find_manifest_bytes, "SELECT bytes FROM manifest WHERE digest = ?1 LIMIT 1"},
    {Statement::put_orphan,
     "INSERT INTO orphan_file (digest, found, seen) VALUES (?1, ?2, ?2)"
     " ON CONFLICT (digest) DO UPDATE SET seen = max(seen, excluded.seen)"},
    {Statement::find_orphan, "SELECT found FROM orphan_file WHERE digest = ?1"},
    {Statement::delete_old_orphans,
     "DELETE FROM orphan_file WHERE digest IN (SELECT digest FROM orphan_file WHERE seen < ?1 ORDER BY seen LIMIT ?2)"},

    {Statement::list_held_manifests,
     "SELECT m.id, m.digest, m.media_type, m.artifact_type, m.size, m.pushed, m.last_pulled, m.promised_until,"
     " EXISTS (SELECT 1 FROM manifest_reference r WHERE r.child = m.digest AND r.repository = m.repository AND r.kind "
     "= "
     "3),"
     " EXISTS (SELECT 1 FROM manifest s WHERE s.digest = m.subject AND s.repository = m.repository),"
     " EXISTS (SELECT 1 FROM pin p WHERE p.repository = m.repository AND p.digest = m.digest)"
     " FROM manifest m WHERE m.repository = ?1"},
    {Statement::list_naming_tags,
     "SELECT t.manifest, t.name, (SELECT h.at FROM tag_history h WHERE h.repository = t.repository AND h.name = t.name"
     " ORDER BY h.number DESC LIMIT 1) FROM tag t WHERE t.repository = ?1"},
    {Statement::find_tag_since,
     "SELECT at FROM tag_history WHERE repository = ?1 AND name = ?2 ORDER BY number DESC LIMIT 1"},
    {Statement::find_manifest_holds,
     "SELECT m.id, m.pushed, m.promised_until,"
     " EXISTS (SELECT 1 FROM manifest_reference r WHERE r.child = m.digest AND r.repository = m.repository AND r.kind "
     "= "
     "3),"
     " EXISTS (SELECT 1 FROM manifest s WHERE s.digest = m.subject AND s.repository = m.repository),"
     " EXISTS (SELECT 1 FROM pin p WHERE p.repository = m.repository AND p.digest = m.digest)"
     " FROM manifest m WHERE m.digest = ?1 AND m.repository = ?2"},
    {Statement::put_pin,
     "INSERT INTO pin (repository, digest, since, who, why) VALUES (?1, ?2, ?3, ?4, ?5)"
     " ON CONFLICT (repository, digest) DO UPDATE SET since = excluded.since, who = excluded.who, why = excluded.why"},
    {Statement::delete_pin, "DELETE FROM pin WHERE repository = ?1 AND digest = ?2"},
    {Statement::list_pins,
     "SELECT p.repository, p.digest, (SELECT name FROM repository WHERE id = p.repository), p.since, p.who, p.why"
     " FROM pin p WHERE (p.repository, p.digest) > (?1, ?2) ORDER BY p.repository, p.digest LIMIT ?3"},
    {Statement::put_retention_plan,
     "INSERT INTO retention_plan (id, now, made, who, repository, rules, is_configured)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
     " ON CONFLICT (id) DO UPDATE SET now = excluded.now, made = excluded.made, who = excluded.who,"
     " repository = excluded.repository, rules = excluded.rules, is_configured = excluded.is_configured"},
    {Statement::find_retention_plan,
     "SELECT id, now, made, who, repository, rules, is_configured FROM retention_plan WHERE id = ?1"},
    {Statement::delete_older_retention_plans,
     "DELETE FROM retention_plan WHERE made < (SELECT made FROM retention_plan WHERE made > 0 ORDER BY made DESC"
     " LIMIT 1 OFFSET ?1)"},
    {Statement::record_manifest_pull,
     "UPDATE manifest SET last_pulled = max(coalesce(last_pulled, 0), ?3)"
     " WHERE digest = ?2 AND repository = (SELECT id FROM repository WHERE name = ?1)"},
    {Statement::put_job,
     "INSERT INTO job (name, state, started, ended, last_success, next, done, total, unit, result, error)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (name) DO UPDATE SET state = excluded.state,"
     " started = excluded.started, ended = excluded.ended, last_success = excluded.last_success, next = excluded.next,"
     " done = excluded.done, total = excluded.total, unit = excluded.unit, result = excluded.result,"
     " error = excluded.error"},
    {Statement::list_jobs,
     "SELECT name, state, started, ended, last_success, next, done, total, unit, result, error FROM job"
     " WHERE name > '' ORDER BY name"},
    {Statement::list_quota_scopes, "SELECT id, key FROM quota_scope WHERE id > ?1"},
    {Statement::create_quota_scope, "INSERT INTO quota_scope (key) VALUES (?1)"},
    {Statement::delete_quota_scope, "DELETE FROM quota_scope WHERE id = ?1"},
    {Statement::delete_quota_usage, "DELETE FROM quota_usage WHERE scope = ?1"},
    {Statement::delete_quota_holders, "DELETE FROM quota_holders WHERE scope = ?1"},
    {Statement::find_quota_usage,
     "SELECT bytes, pending_bytes, manifests, tags FROM quota_usage WHERE scope = ?1 AND repository = ?2"},
    {Statement::put_quota_usage,
     "INSERT INTO quota_usage (scope, repository, bytes, pending_bytes, manifests, tags) VALUES (?1, ?2, ?3, ?4, ?5, "
     "?6)"
     " ON CONFLICT (scope, repository) DO UPDATE SET bytes = excluded.bytes, pending_bytes = excluded.pending_bytes,"
     " manifests = excluded.manifests, tags = excluded.tags"},
    {Statement::list_quota_usage,
     "SELECT r.name, u.bytes, u.pending_bytes, u.manifests, u.tags FROM repository r"
     " CROSS JOIN quota_usage u ON u.scope = ?1 AND u.repository = r.id WHERE r.name > ?2 ORDER BY r.name LIMIT ?3"},
    {Statement::find_quota_holders, "SELECT linking, naming FROM quota_holders WHERE scope = ?1 AND blob = ?2"},
    {Statement::put_quota_holders,
     "INSERT INTO quota_holders (scope, blob, linking, naming) VALUES (?1, ?2, ?3, ?4)"
     " ON CONFLICT (scope, blob) DO UPDATE SET linking = excluded.linking, naming = excluded.naming"},
    {Statement::delete_quota_holder, "DELETE FROM quota_holders WHERE scope = ?1 AND blob = ?2"},
    {Statement::find_blob_standing,
     "SELECT b.size, EXISTS (SELECT 1 FROM repository_blob WHERE digest = ?1 AND repository = ?2),"
     " EXISTS (SELECT 1 FROM manifest_reference WHERE child = ?1 AND repository = ?2 AND kind <> 3 AND manifest <> ?3)"
     " FROM blob b WHERE b.digest = ?1"},
    {Statement::find_reference_anywhere, "SELECT manifest FROM manifest_reference WHERE child = ?1 LIMIT 1"},
    {Statement::find_missing_link,
     "SELECT b.digest FROM blob b INDEXED BY blob_missing CROSS JOIN repository_blob l"
     " ON l.digest = b.digest AND l.repository = (SELECT id FROM repository WHERE name = ?1)"
     " WHERE b.state = 3 AND b.digest > ?2 LIMIT 1"},
    {Statement::list_holders_of_blob,
     "SELECT (SELECT name FROM repository WHERE id = l.repository), l.promised_until,"
     " EXISTS (SELECT 1 FROM manifest_reference WHERE child = ?1 AND repository = l.repository AND kind <> 3)"
     " FROM repository_blob l WHERE l.digest = ?1"},
    {Statement::list_all_links,
     "SELECT l.digest, l.repository, b.size,"
     " EXISTS (SELECT 1 FROM manifest_reference WHERE child = l.digest AND repository = l.repository AND kind <> 3)"
     " FROM repository_blob l CROSS JOIN blob b ON b.digest = l.digest WHERE l.digest > ?1 ORDER BY l.digest"},
    {Statement::list_manifest_sizes, "SELECT repository, size FROM manifest WHERE id > ?1"},
    {Statement::list_manifest_sizes_by_id,
     "SELECT m.id, (SELECT name FROM repository WHERE id = m.repository), m.size FROM manifest m WHERE m.id > ?1"
     " ORDER BY m.id LIMIT ?2"},
    {Statement::list_repository_numbers, "SELECT id, name FROM repository WHERE id > ?1"},
    {Statement::list_all_repositories,
     "SELECT id, name, manifest_count FROM repository WHERE name > ?1 ORDER BY name LIMIT ?2"},
    {Statement::count_tags, "SELECT count(*) FROM tag WHERE repository = ?1"},

    {Statement::read_adoption,
     "SELECT kind, state, began, ended, repositories, tags, manifests, layers, unlinked, uploads, removed"
     " FROM adoption WHERE kind = ?1"},
    {Statement::begin_adoption,
     "INSERT INTO adoption (kind, state, began, run) VALUES (?1, 1, ?2, 1 + coalesce((SELECT max(run) FROM adoption), "
     "0))"
     " ON CONFLICT (kind) DO UPDATE SET run = excluded.run, state = 1, began = excluded.began, ended = NULL,"
     " repositories = 0, tags = 0, manifests = 0, layers = 0, unlinked = 0, uploads = 0, removed = 0"},
    {Statement::add_adopted,
     "UPDATE adoption SET repositories = repositories + ?2, tags = tags + ?3, manifests = manifests + ?4,"
     " layers = layers + ?5, unlinked = unlinked + ?6, uploads = uploads + ?7, removed = removed + ?8 WHERE kind = ?1"},
    {Statement::end_adoption, "UPDATE adoption SET state = 2, ended = ?2 WHERE kind = ?1"},
    {Statement::put_adopted_repository, "INSERT INTO adopted_repository (name) VALUES (?1) ON CONFLICT DO NOTHING"},
    {Statement::find_adopted_repository, "SELECT 1 FROM adopted_repository WHERE name = ?1"},
    {Statement::delete_adopted_repositories, "DELETE FROM adopted_repository WHERE name > ''"},
    {Statement::put_adoption_problem,
     "INSERT INTO adoption_problem (repository, item, kind, what, holds, run)"
     " VALUES (?1, ?2, ?3, ?4, ?5, (SELECT max(run) FROM adoption))"
     " ON CONFLICT (repository, item, kind) DO UPDATE SET what = excluded.what, run = excluded.run"},
    {Statement::list_adoption_problems,
     "SELECT number, kind, repository, item, what FROM adoption_problem WHERE number > ?1 ORDER BY number LIMIT ?2"},
    {Statement::count_adoption_problems, "SELECT count(*) FROM adoption_problem WHERE number > 0"},
    {Statement::count_holding_problems, "SELECT count(*) FROM adoption_problem WHERE holds = 1 AND number > 0"},
    {Statement::settle_adoption_problems, "UPDATE adoption_problem SET holds = 0 WHERE holds = 1 AND number > 0"},
    {Statement::delete_adoption_problems, "DELETE FROM adoption_problem WHERE number > 0"},
    {Statement::delete_old_problems,
     "DELETE FROM adoption_problem WHERE number > 0 AND run < (SELECT max(run) FROM adoption)"},
    // A blob that the collector has marked is back: the tree needs it, and while it is read nothing is removed.
    {Statement::adopt_blob,
     "INSERT INTO blob (digest, size, state, verified) VALUES (?1, ?2, 1, 0)"
     " ON CONFLICT (digest) DO UPDATE SET size = excluded.size, state = 1 WHERE state = 2"},
    {Statement::adopt_missing_blob,
     "INSERT INTO blob (digest, size, state, verified) VALUES (?1, 0, 3, 0)"
     " ON CONFLICT (digest) DO UPDATE SET state = 3 WHERE state = 1"},
    {Statement::adopt_unlinked_blob,
     "INSERT INTO blob (digest, size, state, verified) VALUES (?1, ?2, 1, 0) ON CONFLICT (digest) DO NOTHING"},
    {Statement::adopt_link,
     "INSERT INTO repository_blob (digest, repository, promised_until) VALUES (?1, ?2, 0)"
     " ON CONFLICT (digest, repository) DO NOTHING"},
    {Statement::find_tag_change, "SELECT 1 FROM tag_history WHERE repository = ?1 AND name = ?2 LIMIT 1"},

    {Statement::list_queued_links,
     "SELECT number, kind, repository, item FROM link_queue WHERE number > ?1 ORDER BY number LIMIT ?2"},
    {Statement::find_queued_link, "SELECT 1 FROM link_queue WHERE repository = ?1 AND kind = ?2 AND item = ?3"},
    {Statement::finish_queued_link, "DELETE FROM link_queue WHERE number = ?1"},
    {Statement::count_queued_links, "SELECT count(*) FROM link_queue WHERE number > 0"},
    {Statement::empty_link_queue, "DELETE FROM link_queue WHERE number > 0"},
    {Statement::find_manifest_pushed, "SELECT pushed FROM manifest WHERE digest = ?1 AND repository = ?2"},
    {Statement::list_existing_repositories,
     "SELECT name FROM repository WHERE name > ?1 AND is_deleted = 0 ORDER BY name LIMIT ?2"},
    {Statement::list_revisions,
     "SELECT id, digest, pushed FROM manifest WHERE repository = ?1 AND id > ?2 ORDER BY id LIMIT ?3"},
    {Statement::list_tag_targets,
     "SELECT t.name, m.digest, (SELECT at FROM tag_history WHERE repository = ?1 AND name = t.name"
     " ORDER BY number DESC LIMIT 1) FROM tag t JOIN manifest m ON m.id = t.manifest"
     " WHERE t.repository = ?1 AND t.name > ?2 ORDER BY t.name LIMIT ?3"},
    {Statement::list_layer_links,
     "SELECT l.digest, l.repository, (SELECT name FROM repository WHERE id = l.repository) FROM repository_blob l"
     " WHERE (l.digest, l.repository) > (?1, ?2) ORDER BY l.digest, l.repository LIMIT ?3"},

    {Statement::create_user,
     "INSERT INTO account (name, secret_hash, state, created, last_login) VALUES (?1, ?2, ?3, ?4, ?5)"
     " ON CONFLICT (name) DO NOTHING"},
    {Statement::find_user, "SELECT name, secret_hash, state, created, last_login FROM account WHERE name = ?1"},
    {Statement::list_users,
     "SELECT name, secret_hash, state, created, last_login FROM account WHERE name > ?1 ORDER BY name LIMIT ?2"},
    {Statement::set_user_secret, "UPDATE account SET secret_hash = ?2 WHERE name = ?1"},
    {Statement::set_user_state, "UPDATE account SET state = ?2 WHERE name = ?1"},
    {Statement::record_login,
     "UPDATE account SET last_login = ?2 WHERE name = ?1 AND (last_login IS NULL OR last_login <= ?3)"},
    {Statement::delete_user, "DELETE FROM account WHERE name = ?1"},
    {Statement::delete_memberships_of_user, "DELETE FROM group_member WHERE account = ?1"},
    {Statement::delete_tokens_of_user, "DELETE FROM access_token WHERE account = ?1"},
    {Statement::create_group,
     "INSERT INTO account_group (name, note, created) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING"},
    {Statement::find_group, "SELECT name, note, created FROM account_group WHERE name = ?1"},
    {Statement::list_groups, "SELECT name, note, created FROM account_group WHERE name > ?1 ORDER BY name LIMIT ?2"},
    {Statement::delete_group, "DELETE FROM account_group WHERE name = ?1"},
    {Statement::delete_members, "DELETE FROM group_member WHERE group_name = ?1"},
    {Statement::add_member,
     "INSERT INTO group_member (group_name, account) VALUES (?1, ?2) ON CONFLICT (group_name, account) DO NOTHING"},
    {Statement::delete_member, "DELETE FROM group_member WHERE group_name = ?1 AND account = ?2"},
    {Statement::list_members,
     "SELECT account FROM group_member WHERE group_name = ?1 AND account > ?2 ORDER BY account LIMIT ?3"},
    {Statement::list_groups_of_user, "SELECT group_name FROM group_member WHERE account = ?1 ORDER BY group_name"},
    {Statement::create_robot,
     "INSERT INTO robot (name, note, secret, rights, created, created_by, expires, last_used)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING"},
    {Statement::find_robot,
     "SELECT name, note, secret, rights, created, created_by, expires, last_used FROM robot WHERE name = ?1"},
    {Statement::find_robot_by_secret,
     "SELECT name, note, secret, rights, created, created_by, expires, last_used FROM robot WHERE secret = ?1"},
    {Statement::list_robots,
     "SELECT name, note, secret, rights, created, created_by, expires, last_used FROM robot"
     " WHERE name > ?1 ORDER BY name LIMIT ?2"},
    {Statement::rotate_robot, "UPDATE OR IGNORE robot SET secret = ?2, expires = ?3 WHERE name = ?1"},
    {Statement::delete_robot, "DELETE FROM robot WHERE name = ?1"},
    {Statement::record_robot_use,
     "UPDATE robot SET last_used = ?2 WHERE name = ?1 AND (last_used IS NULL OR last_used <= ?3)"},
    {Statement::create_token,
     "INSERT INTO access_token (id, account, note, secret, rights, created, expires, last_used)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING"},
    {Statement::find_token_by_secret,
     "SELECT id, account, note, secret, rights, created, expires, last_used FROM access_token WHERE secret = ?1"},
    {Statement::list_tokens,
     "SELECT id, account, note, secret, rights, created, expires, last_used FROM access_token"
     " WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3"},
    {Statement::delete_token, "DELETE FROM access_token WHERE id = ?1 AND account = ?2"},
    {Statement::record_token_use,
     "UPDATE access_token SET last_used = ?2 WHERE id = ?1 AND (last_used IS NULL OR last_used <= ?3)"},
    {Statement::find_last_rule, "SELECT position FROM access_rule WHERE position > 0 ORDER BY position DESC LIMIT 1"},
    {Statement::find_rule, "SELECT position FROM access_rule WHERE id = ?1"},
    {Statement::move_rules_back, "UPDATE access_rule SET position = position + 1 WHERE position >= ?1"},
    {Statement::move_rules_up, "UPDATE access_rule SET position = position - 1 WHERE position > ?1"},
    {Statement::create_rule,
     "INSERT INTO access_rule (id, position, rule, note, created, created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
    {Statement::delete_rule, "DELETE FROM access_rule WHERE id = ?1"},
    {Statement::list_rules,
     "SELECT id, position, rule, note, created, created_by FROM access_rule WHERE position > ?1"
     " ORDER BY position LIMIT ?2"},
}};

consteval bool stands_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].statement) != i) return false;
  }
  return true;
}
static_assert(stands_in_order(), "kTable has its rows in the order of Statement");

}  // namespace

std::string_view text_of(Statement statement) {
  return kTable[static_cast<std::size_t>(statement)].text;
}

}  // namespace berth::sqlite
