// Retention policies that people bring along: ECR's lifecycle policies and Harbor's tag retention policies, as JSON.
//
// They become rules of ours that delete what the others would have deleted; docs/decisions/0055-retention-rules.md says
// where the two differ. What is not known is refused and never left out, since each part of a rule may be what keeps an
// image.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lifecycle/retention_rule.h"

namespace berth {

/// Larger documents than either registry takes.
inline constexpr std::size_t kPolicyBytes = 128 * 1024;
/// Of an import's name; what follows it in the names of rules has to fit, too.
inline constexpr std::size_t kImportNameBytes = 40;

struct EcrImport {
  /// The rules are called `ecr-1` after the number of their priority, and their chain is called this.
  std::string name = "ecr";
  /// An ECR policy belongs to one repository; these are whom it is to be about. Empty: all.
  std::vector<NamePattern> repositories = {};
};

/// Rules of one chain in the order of their priorities (lowest number first). Only `expire` is known.
///
/// Errors: request_invalid, "rules[1].selection.countUnit: ...".
/// Source: the user guide's "Lifecycle policy properties" and "Lifecycle policy evaluation rules".
Result<std::vector<RetentionRule>> read_ecr_policy(std::string_view json, const EcrImport& import = {});

struct HarborImport {
  std::string name = "harbor";  ///< the rules are called `harbor-1` after their place
  /// A Harbor policy belongs to a project, whose repositories here are `<project>/...`. Empty: the patterns are held
  /// against whole names.
  std::string project = {};
};

/// A keep rule for each rule that is not disabled, and for each scope a delete rule about all there is in it: Harbor
/// retains what any rule retains and deletes the rest of what its rules are about. No rules come of a policy without
/// any.
///
/// Errors: request_invalid, "rules[0].tag_selectors[0].pattern: ...".
/// Source: "Create Tag Retention Rules" of the user guide, and the model of the API (RetentionPolicy).
Result<std::vector<RetentionRule>> read_harbor_policy(std::string_view json, const HarborImport& import = {});

}  // namespace berth
