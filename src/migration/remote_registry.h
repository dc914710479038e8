// RemoteRegistry: another registry, asked over the protocol of distribution-spec.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "migration/content_source.h"
#include "net/http_client.h"

namespace berth {

struct RemoteRegistryOptions {
  Url base;               ///< its root, as it is typed: "https://registry.example"
  std::string user = {};  ///< empty: anonymous
  std::string password = {};
  std::string ca_file = {};
  bool is_verifying = true;
  std::uint64_t manifest_bytes = 4 * 1024 * 1024;
  std::uint64_t list_bytes = 64 * 1024 * 1024;  ///< of one page of a list
  unsigned tries = 4;                           ///< of a request that fails or is answered 429 or 5xx
  std::chrono::milliseconds first_pause{500};   ///< before the second try; doubled each time, or as Retry-After says
};

/// Threading: one loop. Failures: throws Failure(interrupted) with one line that names the server and what it said.
class RemoteRegistry final : public ContentSource {
 public:
  explicit RemoteRegistry(RemoteRegistryOptions options);

  Task<std::vector<std::string>> repositories() override;
  /// Each tag with what it names.
  Task<std::vector<SourceRoot>> roots(std::string repository) override;
  Task<std::optional<SourceManifest>> manifest(std::string repository, Digest digest) override;
  Task<std::optional<SourceBlob>> blob(std::string repository, Digest digest) override;
  /// By the referrers API, or by the tag that clients use where there is none.
  Task<std::vector<Digest>> referrers(std::string repository, Digest digest) override;

 private:
  struct Asked {
    std::string method = "GET";
    std::string target;
    std::string scope;  ///< of the token it needs
    bool accepts_manifests = false;
  };

  /// After logging in as the registry asks for it; nothing for 404.
  Task<std::optional<OutboundResponse>> ask(Asked asked);
  Task<OutboundResponse> ask_once(const Asked& asked);
  Task<OutboundResponse> follow(OutboundResponse response, Url from);
  Task<bool> log_in(const OutboundResponse& refused, std::string scope);
  Task<std::string> fetch_token(std::map<std::string, std::string> challenge, std::string scope);
  Task<std::vector<std::string>> list(std::string target, std::string scope, std::string field);
  Task<std::optional<Digest>> resolve(std::string repository, std::string reference);
  std::string basic_credentials() const;

  const RemoteRegistryOptions options_;
  HttpClient client_;
  // Loop only.
  std::map<std::string, std::string> authorization_;  ///< by scope: the field's value
  bool has_referrers_ = true;                         ///< the API, as far as is known
};

}  // namespace berth
