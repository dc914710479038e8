// Statement: every statement that runs while serving, in one table, so that a test can hold each of them to its plan.
#pragma once

#include <cstddef>
#include <string_view>

namespace berth::sqlite {

enum class Statement : std::size_t {
  begin_write,
  commit,
  rollback,
  open_savepoint,
  undo_savepoint,
  close_savepoint,

  read_setting,
  write_setting,
  find_repository,
  create_repository,
  list_repositories,
  add_manifest_count,
  update_listing,

  find_blob,
  find_linked_size,
  find_any_link,
  find_blob_state,
  find_blob_size,
  put_blob,
  mark_blob_missing,
  put_link,
  read_link_promise,
  renew_link_promise,
  delete_link,
  find_manifest_that_names,

  find_manifest,
  find_tagged_manifest,
  find_manifest_id,
  find_manifest_size,
  find_manifest_anywhere,
  create_manifest,
  renew_manifest_promise,
  delete_manifest,
  create_reference,
  review_children,
  review_referrers,
  delete_references,
  list_referrers,
  list_referrers_of_type,

  find_tag,
  put_tag,
  delete_tag,
  list_tags,
  list_tags_of_manifest,
  create_tag_change,
  list_tag_changes,

  queue_copy,
  list_copies,
  delete_copy,
  finish_copy,

  create_upload,
  find_upload,
  claim_upload,
  record_upload_progress,
  record_upload_expectation,
  delete_upload,
  list_uploads,

  put_review,
  list_due_reviews,
};

inline constexpr std::size_t kStatementCount = static_cast<std::size_t>(Statement::list_due_reviews) + 1;

std::string_view text_of(Statement statement);

}  // namespace berth::sqlite
