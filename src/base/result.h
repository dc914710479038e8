// Result: an expected "no" as a value. A broken world throws a Failure instead (base/failure.h).
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace berth {

/// What the registry can refuse. api/error_response.cpp has the one table that turns these into OCI codes and statuses.
enum class ErrorCode {
  name_invalid,                ///< not a repository name
  name_unknown,                ///< no such repository
  tag_invalid,                 ///< not a tag
  too_many_tags,               ///< more ?tag= than the limit
  manifest_invalid,            ///< malformed, or a field contradicts another; the message names the field
  manifest_unknown,            ///< no such manifest or tag
  manifest_too_large,          ///< over the manifest size limit
  manifest_reference_unknown,  ///< names content the repository does not have; one subject for each
  blob_unknown,                ///< no such blob in this repository
  blob_in_use,                 ///< a manifest of the repository names the blob; the message names one
  upload_unknown,              ///< no such upload (ended, expired, of another repository)
  upload_invalid,              ///< the upload cannot go on
  upload_range_invalid,  ///< chunk not at the upload's offset; Range and Location of the upload go with the answer
  upload_busy,           ///< another request is writing this upload
  digest_invalid,        ///< not a digest, an unsupported algorithm, or the content has another
  size_invalid,          ///< length given and length received differ
  page_number_invalid,   ///< ?n= is not a number or over the limit
  query_invalid,         ///< another query parameter or header is malformed
  precondition_failed,   ///< If-Match or If-None-Match does not hold
  deletes_disabled,      ///< storage.delete.enabled is not set
  read_only,             ///< storage.maintenance.readonly.enabled is set
  denied,                ///< not allowed to this caller, or by policy
  quota_exceeded,        ///< subjects: rule, resource, then limit, used, needed and left in decimal
  too_many_requests,     ///< this caller has to wait; Retry-After goes with the answer
  storage_full,          ///< free space is below the watermark, or the disk said ENOSPC
  overloaded,            ///< a bounded queue is full; try again later
  request_invalid,       ///< a field of a request to the admin API is missing or wrong; the message names it
  not_found,             ///< no such thing of the admin API: user, robot, rule, plan, pin, ...
  conflict,              ///< the name is taken, or something else stands in the way; the message says what
};

/// A refusal: what, why in words for the client, and what it is about.
struct Error {
  ErrorCode code;
  std::string message;
  /// What the refusal is about (digests, a tag). Several subjects become several OCI errors.
  std::vector<std::string> subjects = {};
};

template <class T>
using Result = std::expected<T, Error>;

/// `return refuse(ErrorCode::tag_invalid, "...")` from a function that returns a Result.
inline std::unexpected<Error> refuse(ErrorCode code, std::string message, std::vector<std::string> subjects = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(subjects)});
}

}  // namespace berth
