// AdminParts: what handlers of the admin API work with. They stand apart from the registry's, since commands run them
// without a registry.
#pragma once

#include <chrono>

#include "api/exchange.h"
#include "auth/accounts.h"
#include "lifecycle/collection_desk.h"
#include "lifecycle/job_book.h"
#include "lifecycle/retention_desk.h"
#include "lifecycle/scrub_desk.h"
#include "lifecycle/usage_report.h"
#include "migration/adoption_desk.h"
#include "migration/backup_desk.h"
#include "migration/export_desk.h"
#include "migration/transfer_desk.h"
#include "registry/manage_repository.h"
#include "registry/pin_manifest.h"
#include "registry/read_only_mode.h"
#include "registry/undo_change.h"

namespace berth {

struct CollectionParts {
  CollectionDesk& desk;
  CollectionStore& store;
};

struct TrashParts {
  TrashStore& store;
  MetadataStore& metadata;
  UndoChange& undo;
};

struct RepositoryParts {
  ManageRepository& manage;
  std::chrono::seconds keep_aliases;  ///< unless the request says otherwise
};

struct ReadOnlyParts {
  ReadOnlyMode& mode;
  MetadataStore& metadata;  ///< keeps what is switched
};

/// Lifetime: all of it outlives the requests.
struct AdminParts {
  Accounts& accounts;
  const CollectionParts* collection = nullptr;    ///< null: nothing is collected here
  const TrashParts* trash = nullptr;              ///< null: nothing can be brought back here
  ScrubDesk* scrub = nullptr;                     ///< null: nothing is checked here
  const RepositoryParts* repositories = nullptr;  ///< null: no repository is managed here
  const ReadOnlyParts* read_only = nullptr;       ///< null: nothing is switched here
  PinManifest* pins = nullptr;                    ///< null: nothing is pinned here
  RetentionDesk* retention = nullptr;             ///< null: there is no retention here
  JobBook* jobs = nullptr;                        ///< null: nothing runs here
  UsageReporter* usage = nullptr;                 ///< null: nothing is counted here
  AdoptionDesk* adoption = nullptr;               ///< null: no volume is taken over here
  ExportDesk* exports = nullptr;                  ///< null: none is handed back
  BackupDesk* backups = nullptr;                  ///< null: nothing is backed up here
  TransferDesk* transfers = nullptr;              ///< null: nothing is brought in or taken out here
};

}  // namespace berth
