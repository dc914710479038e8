// Migration: what takes a volume of CNCF Distribution over, hands it back, and copies it, put together for a server or
// a command.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>

#include "async/key_lock.h"
#include "migration/adopter.h"
#include "migration/adoption_desk.h"
#include "migration/backup_desk.h"
#include "migration/content_importer.h"
#include "migration/export_desk.h"
#include "migration/link_exporter.h"
#include "migration/transfer_desk.h"
#include "registry/registry.h"
#include "registry/removal_holds.h"
#include "server/build_stores.h"
#include "server/config.h"

namespace berth {

/// What it stands on. Lifetime: outlives the Migration.
struct MigrationWorld {
  LinkTree& tree;
  AdoptionStore& adoption;  ///< that counts changes, where answers are kept
  LinkStore& links;
  OpenStores& stores;
  MetadataStore& metadata;  ///< that counts changes, where answers are kept
  Registry& registry;
  RemovalHolds& holds;
  KeyLock& digest_locks;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
  Health& health;
  std::function<Task<>()> copy_manifests;
};

struct Migration {
  Migration(const boost::asio::any_io_executor& loop, const MigrationWorld& world, const ServerConfig& config);

  Adopter adopter;
  AdoptionDesk adoption;
  LinkExporter exporter;
  ExportDesk exports;
  BackupDesk backups;
  ContentImporter importer;
  TransferDesk transfers;
};

AdopterOptions build_adopter_options(const ServerConfig& config);

}  // namespace berth
