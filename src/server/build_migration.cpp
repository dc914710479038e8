#include "server/build_migration.h"

#include "server/build_api.h"
#include "storage/layout.h"

namespace berth {

AdopterOptions build_adopter_options(const ServerConfig& config) {
  const RegistryLimits limits = build_policy(config).limits;
  return {.grace = config.gc.grace,
          .manifest_bytes = limits.manifest_bytes,
          .manifests = limits.manifest,
          .is_verifying = config.adoption.is_verifying,
          .uses_trash = config.trash.keep_or_default().count() > 0,
          .digest_lock_wait = limits.digest_lock_wait};
}

Migration::Migration(const boost::asio::any_io_executor& loop, const MigrationWorld& world, const ServerConfig& config)
    : adopter({.tree = world.tree,
               .files = world.stores.files(),
               .blobs = world.stores.blobs(),
               .store = world.adoption,
               .links = &world.links,
               .scrub = &world.stores.scrub(),
               .digest_locks = world.digest_locks,
               .disk = world.stores.disk(),
               .clock = world.clock,
               .log = world.log},
              build_adopter_options(config)),
      adoption(loop,
               {.adopter = adopter,
                .store = world.adoption,
                .links = world.links,
                .tree = world.tree,
                .clock = world.clock,
                .log = world.log,
                .metrics = world.metrics,
                .health = world.health},
               {.wait = config.adoption.wait, .follows_links = config.storage.distribution_links}),
      exporter({.tree = world.tree,
                .links = world.links,
                .adoption = world.adoption,
                .scrub = world.stores.scrub(),
                .files = world.stores.files(),
                .blobs = world.stores.blobs(),
                .digest_locks = world.digest_locks,
                .clock = world.clock,
                .log = world.log,
                .copy_manifests = world.copy_manifests},
               {.digest_lock_wait = config.limits.registry.digest_lock_wait}),
      exports(loop, exporter, adoption, world.log),
      backups(loop, {.snapshots = *world.stores.snapshots(),
                     .open_snapshot = open_snapshot,
                     .metadata = world.metadata,
                     .blobs = world.stores.blobs(),
                     .holds = world.holds,
                     .disk = world.stores.disk(),
                     .clock = world.clock,
                     .log = world.log,
                     .files = {world.stores.root() + "/" + std::string(layout::kTokenKeys)}}),
      importer({.metadata = world.metadata,
                .start_upload = world.registry.start_upload,
                .upload_blob = world.registry.upload_blob,
                .push_manifest = world.registry.push_manifest,
                .log = world.log},
               {.manifest_bytes = world.registry.policy.limits.manifest_bytes,
                .manifests = world.registry.policy.limits.manifest}),
      transfers(loop, {.importer = importer,
                       .metadata = world.metadata,
                       .blobs = world.stores.blobs(),
                       .open_snapshot = open_snapshot,
                       .disk = world.stores.disk(),
                       .log = world.log,
                       .manifests = world.registry.policy.limits.manifest}) {}

}  // namespace berth
