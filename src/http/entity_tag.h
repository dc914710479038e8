// Entity tags and the preconditions built on them: If-Match, If-None-Match, If-Range (RFC 9110, 8.8.3 and 13.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/headers.h"

namespace berth::http {

/// What an If-Match or If-None-Match says. Pure.
///
/// Besides quoted tags a bare word is taken as a strong tag: clients in the field send `If-None-Match: sha256:...`
/// without quotes, and Distribution accepts that. Broken rests of a list are dropped, what came before them counts.
class EntityTagList {
 public:
  /// All fields of that name together; they are one list.
  static EntityTagList from(const Headers& headers, std::string_view name);
  static EntityTagList parse(std::string_view text);

  /// The field was there (and not empty).
  bool is_present() const { return is_any_ || !tags_.empty() || is_malformed_; }
  /// "*": any current representation.
  bool is_any() const { return is_any_; }
  /// `value` is the tag without quotes. True for "*", too: the caller knows that something exists.
  bool matches_strongly(std::string_view value) const;
  bool matches_weakly(std::string_view value) const;

 private:
  struct Tag {
    std::string value;
    bool is_weak = false;
  };
  void append(std::string_view text);

  std::vector<Tag> tags_;
  bool is_any_ = false;
  bool is_malformed_ = false;
};

/// `"value"`, as ETag has it.
std::string quoted_tag(std::string_view value);

/// GET or HEAD would answer 304: there is an If-None-Match, and it names `value` (weak comparison) or is "*".
/// To be asked only once the thing is known to exist.
bool is_not_modified(const Headers& headers, std::string_view value);

/// A Range may be used: there is no If-Range, or it is exactly this strong tag. A date never matches, since nothing
/// that Berth serves carries Last-Modified.
bool if_range_holds(const Headers& headers, std::string_view value);

}  // namespace berth::http
