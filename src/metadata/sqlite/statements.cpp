#include "metadata/sqlite/statements.h"

#include <array>

namespace berth::sqlite {
namespace {

struct Row {
  Statement statement;
  std::string_view text;
};

// Rules, held by statements_test.cpp: every access is by key or keyset (no SCAN), nothing sorts. "The repository NAME" is a
// scalar subquery, which is empty for an unknown one and then matches nothing.
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
    {Statement::add_manifest_count, "UPDATE repository SET manifest_count = manifest_count + ?2 WHERE id = ?1"},
    {Statement::update_listing,
     "UPDATE repository SET is_listed = (manifest_count > 0) WHERE id = ?1 AND is_listed <> (manifest_count > 0)"},

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
     "INSERT INTO blob (digest, size, state) VALUES (?1, ?2, 1)"
     " ON CONFLICT (digest) DO UPDATE SET size = excluded.size, state = 1"},
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
     "INSERT INTO tag_history (repository, name, number, at, who, was, became) VALUES (?1, ?2, 1 + coalesce((SELECT number"
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
    {Statement::list_uploads,
     "SELECT id, repository, owner, generation, started, last_active, durable_offset, algorithm, hash_state, expected"
     " FROM upload WHERE id > ?1 AND started < ?2 ORDER BY id LIMIT ?3"},

    {Statement::put_review,
     "INSERT INTO review (digest, repository, kind, due) VALUES (?1, ?2, ?3, ?4)"
     " ON CONFLICT (digest, repository, kind) DO UPDATE SET due = max(due, excluded.due)"},
    {Statement::list_due_reviews,
     "SELECT v.kind, (SELECT name FROM repository WHERE id = v.repository), v.digest, v.due FROM review v"
     " WHERE v.due <= ?1 ORDER BY v.due LIMIT ?2"},
}};

consteval bool stands_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].statement) != i) return false;
  }
  return true;
}
static_assert(stands_in_order(), "kTable has its rows in the order of Statement");

}  // namespace

std::string_view text_of(Statement statement) { return kTable[static_cast<std::size_t>(statement)].text; }

}  // namespace berth::sqlite
