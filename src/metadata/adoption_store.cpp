#include "metadata/adoption_store.h"

namespace berth {

AdoptionCounts& AdoptionCounts::operator+=(const AdoptionCounts& more) {
  repositories += more.repositories;
  tags += more.tags;
  manifests += more.manifests;
  layers += more.layers;
  unlinked += more.unlinked;
  uploads += more.uploads;
  removed += more.removed;
  return *this;
}

std::string_view name_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::broken_link:
      return "broken link";
    case ProblemKind::missing_manifest:
      return "missing manifest";
    case ProblemKind::damaged_manifest:
      return "damaged manifest";
    case ProblemKind::old_manifest:
      return "schema 1 manifest";
    case ProblemKind::invalid_manifest:
      return "invalid manifest";
    case ProblemKind::missing_blob:
      return "missing blob";
    case ProblemKind::damaged_blob:
      return "damaged blob";
    case ProblemKind::invalid_name:
      return "invalid name";
    case ProblemKind::invalid_tag:
      return "invalid tag";
    case ProblemKind::dangling_tag:
      return "dangling tag";
    case ProblemKind::unfinished_upload:
      return "unfinished upload";
    case ProblemKind::changed_meanwhile:
      return "changed meanwhile";
  }
  return "";
}

bool holds_removal(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::dangling_tag:  // its manifest was deleted, and the deletion cut off
    case ProblemKind::unfinished_upload:
    case ProblemKind::changed_meanwhile:  // read again
      return false;
    case ProblemKind::broken_link:
    case ProblemKind::missing_manifest:
    case ProblemKind::damaged_manifest:
    case ProblemKind::old_manifest:
    case ProblemKind::invalid_manifest:
    case ProblemKind::missing_blob:
    case ProblemKind::damaged_blob:
    case ProblemKind::invalid_name:
    case ProblemKind::invalid_tag:
      return true;
  }
  return true;
}

}  // namespace berth
