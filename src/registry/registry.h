// Registry: the rules, put together. server/ makes one; api/ speaks HTTP for it.
#pragma once

#include <string>

#include "async/run_blocking.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "observe/log.h"
#include "registry/body_receiver.h"
#include "registry/buffer_budget.h"
#include "registry/delete_content.h"
#include "registry/list_content.h"
#include "registry/name_policy.h"
#include "registry/policy.h"
#include "registry/promise_book.h"
#include "registry/pull_blob.h"
#include "registry/pull_manifest.h"
#include "registry/push_manifest.h"
#include "registry/quota_check.h"
#include "registry/read_only_mode.h"
#include "registry/space_guard.h"
#include "registry/start_upload.h"
#include "registry/stores.h"
#include "registry/upload_blob.h"
#include "registry/upload_desk.h"

namespace berth {

/// What comes in from outside. Lifetime: everything outlives the Registry.
struct RegistryWorld {
  Stores stores;
  Locks locks;
  BlockingPool& disk;
  const Clock& clock;
  Entropy& entropy;
  Log& log;
  std::string instance_id;      ///< new at each start: names this process in the claims of uploads
  UsageStore* usage = nullptr;  ///< null: uploads are held to quotas at their end only
};

/// Nothing here but who gets what: each rule holds only what it needs. Members are made in this order.
///
/// Threading: each rule says its own; all may be called from any loop.
class Registry {
 public:
  Registry(RegistryWorld world, RegistryPolicy with)
      : policy(std::move(with)),
        read_only(policy.is_read_only),
        names(policy.push_allow, policy.push_deny),
        buffers(policy.limits.body_buffer_bytes),
        space(world.stores.blobs, world.clock, {.reserved_bytes = policy.reserved_bytes}),
        quotas(world.usage, policy.quotas),
        promises(world.stores.metadata, world.clock, world.log, policy.promise, policy.is_read_only),
        receiver(buffers, space, policy.limits),
        uploads(world.stores, world.locks.uploads, world.clock, world.instance_id),
        pull_blob(world.stores, world.locks.digests, promises, world.disk, world.log, policy.limits.digest_lock_wait),
        pull_manifest(world.stores.metadata, promises),
        push_manifest(world.stores.metadata, world.clock, space, policy),
        start_upload(world.stores.metadata, world.clock, world.entropy, space, quotas, policy, world.instance_id),
        upload_blob(world.stores, world.locks, uploads, receiver, space, quotas, world.disk, world.clock, world.entropy,
                    world.log, policy),
        delete_content(world.stores.metadata, world.clock, policy),
        list_content(world.stores.metadata) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  const RegistryPolicy policy;
  ReadOnlyMode read_only;
  const NamePolicy names;
  BufferBudget buffers;
  SpaceGuard space;
  QuotaCheck quotas;
  PromiseBook promises;
  BodyReceiver receiver;
  UploadDesk uploads;
  PullBlob pull_blob;
  PullManifest pull_manifest;
  PushManifest push_manifest;
  StartUpload start_upload;
  UploadBlob upload_blob;
  DeleteContent delete_content;
  ListContent list_content;
};

}  // namespace berth
