// UndoChange: takes back the last change of a tag, or brings back a deleted manifest (data.md 7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadata/trash_store.h"
#include "registry/delete_content.h"
#include "registry/policy.h"
#include "registry/push_manifest.h"
#include "registry/read_only_mode.h"

namespace berth {

struct Undone {
  std::optional<Digest> names = {};   ///< what the tag names now; nothing: it is gone again, or there was no tag
  std::vector<Digest> restored = {};  ///< manifests out of the trash
  std::vector<Tag> tags = {};         ///< that came back with them
  std::vector<Tag> taken = {};        ///< that name something else now and were left alone
};

/// Threading: any loop. Lifetime: what it is made of outlives it.
class UndoChange {
 public:
  UndoChange(MetadataStore& metadata, TrashStore& trash, PushManifest& push_manifest, DeleteContent& delete_content,
             const Clock& clock, const RegistryPolicy& policy, const ReadOnlyMode& read_only);

  /// A moved or deleted tag names again what it named before; a tag that was made goes. Twice in a row is as if nothing
  /// had happened. not_found (nothing to undo, or it is gone for good), precondition_failed (somebody changed
  /// it meanwhile), and what pushing and deleting refuse.
  Task<Result<Undone>> undo_tag(RepositoryName repository, Tag tag, std::string who);

  /// With what it needs, what refers to it and its tags. not_found (it is not in the trash),
  /// manifest_reference_unknown (a subject for each part that is gone), quota_exceeded, read_only.
  Task<Result<Undone>> restore_manifest(RepositoryName repository, Digest digest, std::string who);

 private:
  MetadataStore& metadata_;
  TrashStore& trash_;
  PushManifest& push_manifest_;
  DeleteContent& delete_content_;
  const Clock& clock_;
  const RegistryPolicy& policy_;
  const ReadOnlyMode& read_only_;
};

}  // namespace berth
