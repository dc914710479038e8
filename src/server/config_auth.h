// The sections that say who may do what: auth, access, policy.tags, middleware.registry.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "api/certificate_user.h"
#include "auth/access_policy.h"
#include "auth/accounts.h"
#include "auth/lockout.h"

namespace berth {

struct HtpasswdConfig {
  bool is_enabled = false;
  std::string realm;
  std::string path;
};

struct SillyConfig {
  bool is_enabled = false;
  std::string realm;
  std::string service;
};

/// Tokens of another service.
struct TokenConfig {
  bool is_enabled = false;
  std::string realm;
  std::string service;
  std::string issuer;
  std::string bundle_file;
  std::string jwks_file;
  bool is_autoredirect = false;
  std::string autoredirect_path = "/auth/token";
  std::vector<std::string> algorithms;  ///< empty: all
};

/// Berth's own token service.
struct LocalAuthConfig {
  bool is_enabled = false;
  std::string realm = "Berth";
  std::string issuer = "berth";
  std::string service = "berth";
  std::vector<std::string> more_services;
  std::chrono::seconds token_lifetime{300};
  std::chrono::seconds refresh_lifetime{30 * 24 * 3600};
  std::chrono::seconds key_rotation{30 * 24 * 3600};
};

/// Users whom client certificates name.
struct CertificateConfig {
  bool is_enabled = false;
  CertificateUser user = CertificateUser::common_name;
};

struct CredentialCacheConfig {
  std::chrono::milliseconds lifetime{60'000};
  std::size_t entry_count = 100'000;
};

/// Users, robots and access tokens of the account store. They log in beside those of another scheme, too.
struct AccountsConfig {
  bool is_enabled = false;  ///< as a scheme of its own
  std::string realm = "Berth";
  unsigned password_cost = 5;
  std::size_t shortest_password = 8;

  AccountsOptions options() const {
    return {.cost = {.yescrypt = password_cost}, .shortest_password = shortest_password};
  }
};

struct AuthConfig {
  HtpasswdConfig htpasswd;
  SillyConfig silly;
  TokenConfig token;
  LocalAuthConfig local;
  CertificateConfig certificate;
  AccountsConfig accounts;
  LockoutOptions lockout;
  CredentialCacheConfig cache;

  bool is_enabled() const {
    return htpasswd.is_enabled || silly.is_enabled || token.is_enabled || local.is_enabled || certificate.is_enabled ||
           accounts.is_enabled;
  }
  /// Not with silly, which takes whatever is sent, nor if another service alone says who its callers are.
  bool has_accounts() const {
    return htpasswd.is_enabled || local.is_enabled || certificate.is_enabled || accounts.is_enabled;
  }
};

/// One rule as it is written; all of it has been parsed once without error.
struct AccessRuleConfig {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  std::vector<std::string> who;
  std::vector<std::string> repositories;
  std::vector<std::string> tags;
  std::string origin;  ///< "config.yml:12"
};

struct TagProtectionConfig {
  std::vector<std::string> repositories;
  std::vector<std::string> tags;
  std::vector<std::string> except;
  std::string origin;
};

struct AccessConfig {
  std::vector<AccessRuleConfig> rules;
  std::vector<TagProtectionConfig> tag_protections;

  /// The rules as access control has them.
  PolicySource policy_source() const;
};

/// middleware.registry: a name of "repository" holds pushes to names that its patterns let through.
struct RegistryMiddlewareConfig {
  std::string name;
  bool is_disabled = false;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};

}  // namespace berth
