#include "server/administration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "api/admin/local_admin.h"
#include "async/run_to_end.h"
#include "auth/accounts.h"
#include "base/failure.h"
#include "http/target.h"
#include "lifecycle/manifest_copier.h"
#include "lifecycle/usage_report.h"
#include "net/local_client.h"
#include "registry/alias_book.h"
#include "registry/manage_repository.h"
#include "registry/registry.h"
#include "registry/removal_holds.h"
#include "registry/undo_change.h"
#include "server/build_api.h"
#include "server/build_collection.h"
#include "server/build_migration.h"
#include "server/build_retention.h"
#include "server/build_scrub.h"
#include "server/build_stores.h"
#include "server/config_auth.h"
#include "server/lock_file.h"
#include "storage/layout.h"

namespace berth {
namespace {

constexpr std::string_view kPrefix = "/api/v1";
/// Who has the lock and does not answer is a server that starts or ends, or another command: both take moments.
constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::milliseconds kPause{50};
/// A retention plan is made within one request, and lists every tag.
constexpr LocalClientLimits kClientLimits{.time = std::chrono::minutes(10), .answer_bytes = 1024UL * 1024 * 1024};

/// A request's body that is there already.
class TextReader final : public ByteReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}
  Task<std::size_t> read(std::span<std::byte> into) override {
    const std::size_t count = std::min(into.size(), rest_.size());
    std::memcpy(into.data(), rest_.data(), count);
    rest_.remove_prefix(count);
    co_return count;
  }

 private:
  std::string_view rest_;
};

http::Method method_named(const std::string& text) {
  using http::Method;
  for (const Method method : {Method::get, Method::post, Method::put, Method::patch, Method::del}) {
    if (http::to_string(method) == text) return method;
  }
  return Method::other;
}

std::string text_of(const http::Response& response) {
  std::string text;
  const auto* pieces = std::get_if<http::BodyPieces>(&response.body);
  if (pieces == nullptr) return text;
  for (const ByteSource& piece : *pieces) {
    if (const SharedBytes* memory = piece.memory()) text += memory->view();
  }
  return text;
}

/// One thing at a time needs one reader, and the cache of one.
ServerConfig for_command(ServerConfig config) {
  if (config.metadata.sqlite.reader_count == 0) config.metadata.sqlite.reader_count = 1;
  return config;
}

}  // namespace

/// The stores, locked for as long as this lives.
class Administration::OwnRun {
 public:
  explicit OwnRun(const ServerConfig& config)
      : log_(make_log({.level = LogLevel::warn, .format = config.log.formatter})),
        passwords_("password", 1, 16),
        stores_(open_stores(for_command(config), clock_, entropy_, *log_, metrics_)),
        policy_(stores_->accounts(), config.access.policy_source(), [](const std::shared_ptr<const AccessPolicy>&) {}),
        accounts_(stores_->accounts(), policy_, passwords_, clock_, entropy_, *log_, config.auth.accounts.options()),
        registry_(
            {.stores = {.blobs = stores_->blobs(), .uploads = stores_->uploads(), .metadata = stores_->metadata()},
             .locks = {.digests = digest_locks_, .uploads = upload_locks_},
             .disk = stores_->disk(),
             .clock = clock_,
             .entropy = entropy_,
             .log = *log_,
             .instance_id = random_uuid(entropy_),
             .usage = &stores_->usage()},
            build_policy(config)),
        copier_(stores_->blobs(), stores_->metadata(), digest_locks_, clock_),
        migration_(loop_.get_executor(),
                   {.tree = *stores_->link_tree(),
                    .adoption = *stores_->adoption(),
                    .links = *stores_->links(),
                    .stores = *stores_,
                    .metadata = stores_->metadata(),
                    .registry = registry_,
                    .holds = holds_,
                    .digest_locks = digest_locks_,
                    .clock = clock_,
                    .log = *log_,
                    .metrics = metrics_,
                    .health = health_,
                    .copy_manifests = [this] { return copy_manifests(); }},
                   config),
        collector_({.blobs = stores_->blobs(),
                    .metadata = stores_->metadata(),
                    .collection = stores_->collection(),
                    .trash = stores_->trash()},
                   digest_locks_, clock_, *log_, collector_options(config)),
        jobs_(stores_->jobs(), clock_, metrics_),
        desk_(loop_.get_executor(), collector_, stores_->blobs(), stores_->trash(), clock_, *log_, metrics_,
              jobs_.collection,
              build_collection_desk_options(config, registry_.read_only,
                                            [this] { return migration_.adoption.reason(); })),
        undo_(stores_->metadata(), stores_->trash(), registry_.push_manifest, registry_.delete_content, clock_,
              registry_.policy, registry_.read_only),
        aliases_(stores_->repositories(), clock_),
        manage_repository_({.metadata = stores_->metadata(),
                            .repositories = stores_->repositories(),
                            .trash = stores_->trash(),
                            .aliases = aliases_,
                            .undo = undo_,
                            .read_only = registry_.read_only,
                            .clock = clock_},
                           registry_.policy),
        repository_parts_{.manage = manage_repository_, .keep_aliases = config.aliases.keep},
        pins_(stores_->metadata(), stores_->pins(), clock_, registry_.policy, registry_.read_only),
        scrubber_({.blobs = stores_->blobs(),
                   .files = stores_->files(),
                   .metadata = stores_->metadata(),
                   .scrub = stores_->scrub(),
                   .digest_locks = digest_locks_,
                   .disk = stores_->disk(),
                   .clock = clock_,
                   .log = *log_},
                  build_scrubber_options(config, registry_.read_only, [this] { return may_remove(); })),
        scrub_(loop_.get_executor(), scrubber_, clock_, *log_, metrics_, jobs_.scrub,
               build_scrub_desk_options(config, registry_.read_only)),
        engine_({.metadata = stores_->metadata(),
                 .retention = stores_->retention(),
                 .workers = stores_->disk(),
                 .clock = clock_,
                 .log = *log_,
                 .metrics = metrics_,
                 .access = [this] { return access_policy(); }},
                build_retention_engine_options(config)),
        retention_(loop_.get_executor(), engine_, stores_->retention(), clock_, *log_, jobs_.retention,
                   build_retention_desk_options(registry_.read_only)),
        usage_(stores_->usage(), registry_.policy.quotas, clock_),
        admin_({.accounts = accounts_,
                .collection = &collection_parts_,
                .trash = &trash_parts_,
                .scrub = &scrub_,
                .repositories = &repository_parts_,
                .read_only = &read_only_parts_,
                .pins = &pins_,
                .retention = &retention_,
                .jobs = &jobs_.book,
                .usage = &usage_,
                .adoption = &migration_.adoption,
                .exports = &migration_.exports,
                .backups = &migration_.backups,
                .transfers = &migration_.transfers},
               *log_) {
    registry_.read_only.switch_to(run_to_end(stores_->metadata().is_read_only()));
    retention_.set_rules(config.retention.rules);
    run_to_end(jobs_.book.load());
    run_to_end(migration_.adoption.prepare());
    // The last: what throws before it leaves no thread behind.
    loop_thread_ = std::jthread([this] { loop_.run(); });
  }

  ~OwnRun() {
    desk_.stop();
    scrub_.stop();
    retention_.stop();
    migration_.adoption.stop();
    migration_.exports.stop();
    migration_.backups.stop();
    migration_.transfers.stop();
    work_.reset();
    loop_thread_.join();
    try {
      run_to_end(jobs_.book.flush());
      // So that another registry can begin where this command ended.
      if (migration_.adoption.follows_links()) run_to_end(migration_.exports.write_last());
    } catch (const std::exception& error) {
      log_->warn("the jobs' rows or links could not be written", {{"reason", error.what()}});
    }
  }
  OwnRun(const OwnRun&) = delete;
  OwnRun& operator=(const OwnRun&) = delete;

  AdminReply answer(const std::string& method, const std::string& target, const std::string& json) {
    auto parsed = http::parse_target(target);
    if (!parsed) throw Failure(FailureKind::internal, fmt::format("{}: {}", target, parsed.error().reason));
    TextReader body(json);
    http::Request request;
    request.method = method_named(method);
    request.method_text = method;
    request.target = target;
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
    request.content_length = json.size();
    request.body = &body;
    if (!json.empty()) request.headers.add("Content-Type", "application/json");
    // What another registry did to the volume comes first: it decides what is garbage, and what there is to export.
    const bool needs_links = request.method == http::Method::post &&
                             (target == "/api/v1/garbage-collections" || target == "/api/v1/exports");
    if (needs_links) run_to_end(migration_.adoption.run({}, {}));
    if (target == "/api/v1/garbage-collections" && request.method == http::Method::post) compare_restored();
    const http::Response response = run_to_end(admin_.answer(request));
    return {.status = response.status, .body = text_of(response)};
  }

 private:
  bool may_remove() const { return holds_.may_remove() && migration_.adoption.may_remove(); }

  Task<> copy_manifests() { co_await copier_.run(); }

  /// A restored root: its rows and files come from two times.
  void compare_restored() {
    if (!run_to_end(stores_->scrub().must_compare())) return;
    if (run_to_end(scrub_.compare())) run_to_end(stores_->scrub().set_must_compare(false));
  }

  CollectorOptions collector_options(const ServerConfig& config) {
    CollectorOptions options = build_collector_options(config);
    options.may_remove = [this] { return may_remove(); };
    return options;
  }

  /// Read when it is needed: a stored rule that cannot be read must not be in the way of whoever removes it.
  std::shared_ptr<const AccessPolicy> access_policy() {
    if (policy_.current() == nullptr) run_to_end(policy_.reload());
    return policy_.current();
  }

  SystemClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  std::unique_ptr<Log> log_;
  BlockingPool passwords_;
  std::unique_ptr<OpenStores> stores_;
  PolicyLoader policy_;
  Accounts accounts_;
  KeyLock digest_locks_;
  KeyLock upload_locks_;
  boost::asio::io_context loop_{1};
  Health health_;
  RemovalHolds holds_;
  Registry registry_;
  ManifestCopier copier_;
  Migration migration_;
  Collector collector_;
  Jobs jobs_;
  CollectionDesk desk_;
  const CollectionParts collection_parts_{.desk = desk_, .store = stores_->collection()};
  UndoChange undo_;
  const TrashParts trash_parts_{.store = stores_->trash(), .metadata = stores_->metadata(), .undo = undo_};
  AliasBook aliases_;
  ManageRepository manage_repository_;
  const RepositoryParts repository_parts_;
  PinManifest pins_;
  const ReadOnlyParts read_only_parts_{.mode = registry_.read_only, .metadata = stores_->metadata()};
  Scrubber scrubber_;
  ScrubDesk scrub_;
  RetentionEngine engine_;
  RetentionDesk retention_;
  UsageReporter usage_;
  LocalAdmin admin_;
  // What goes on between two requests runs here; joined before anything it uses goes.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  std::jthread loop_thread_;
};

Administration::Administration(const ServerConfig& config) : config_(config) {}

Administration::~Administration() = default;

AdminReply Administration::ask(const std::string& method, const std::string& target, const std::string& json) {
  if (config_.storage.driver == StorageDriver::inmemory) {
    throw Failure(FailureKind::internal,
                  "with storage.inmemory everything lives in the serving process alone: use its admin API");
  }
  const std::string path = std::string(kPrefix) + target;
  const std::string socket = config_.storage.filesystem.root_directory + "/" + std::string(layout::kControlSocket);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!own_run_) {
    if (const std::optional<LocalAnswer> answer = ask_local_server(socket, method, path, json, kClientLimits)) {
      return {.status = static_cast<unsigned>(answer->status), .body = answer->body};
    }
    try {
      own_run_ = std::make_unique<OwnRun>(config_);
    } catch (const LockHeld&) {
      if (std::chrono::steady_clock::now() >= deadline) throw;
      std::this_thread::sleep_for(kPause);
    }
  }
  return own_run_->answer(method, path, json);
}

}  // namespace berth
