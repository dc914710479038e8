// TlsContext: certificate, key, client CAs and rules of TLS, read from files and checked once.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/server.h"

struct ssl_ctx_st;
struct ssl_st;

namespace berth::http {

/// What is in use.
struct CertificateFacts {
  std::string file;
  std::string subject;
  WallTime expires;  ///< the first of its chain to expire
};

/// Threading: immutable; any thread makes connections from it. Connections keep what they need when it goes.
class TlsContext {
 public:
  /// Throws Failure(internal) with one line that names the file and what is wrong with it: unreadable, not PEM, a key
  /// of another certificate, a chain with a hole, expired. Warns 14 days before a certificate expires, if its issuer is
  /// neither in the file nor known to this machine, and of a further certificate that no client will ever get.
  static std::shared_ptr<const TlsContext> load(const TlsOptions& options, WallTime now, Log& log);

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// A server's side of a new connection; the caller frees it.
  ssl_st* new_connection() const;

  /// In the order of the options, the first of which clients get that ask for no name, or for one that none holds for.
  const std::vector<CertificateFacts>& certificates() const { return certificates_; }
  void warn_of_expiry(WallTime now, Log& log) const;

 private:
  TlsContext(ssl_ctx_st* context, std::vector<CertificateFacts> certificates)
      : context_(context), certificates_(std::move(certificates)) {}

  ssl_ctx_st* context_;
  const std::vector<CertificateFacts> certificates_;
};

/// A cipher suite by Go's name, as Distribution's config has it, and by OpenSSL's.
struct CipherSuite {
  std::string_view name;
  std::string_view openssl_name;
  bool is_tls13 = false;
};
/// Distribution's nine, which are all that is offered: the others have no forward secrecy or rest on CBC, RC4 or 3DES.
std::span<const CipherSuite> cipher_suites();

}  // namespace berth::http
