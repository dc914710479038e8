#include "http/tls_context.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace berth::http {
namespace {

constexpr int kWarningDays = 14;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using File = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;

[[noreturn]] void fail(const std::string& line) {
  ERR_clear_error();
  throw Failure(FailureKind::internal, line);
}

/// OpenSSL's own word for the last error, without its codes.
std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "unknown error";
}

File open_file(const std::string& what, const std::string& path) {
  const UniqueFd readable(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable.is_open()) {
    throw failure_from_errno(FailureKind::internal, fmt::format("cannot read the {} {}", what, path), errno);
  }
  File file(BIO_new_file(path.c_str(), "r"));
  if (!file) fail(fmt::format("cannot read the {} {}: {}", what, path, openssl_reason()));
  return file;
}

std::vector<Certificate> read_certificates(const std::string& what, const std::string& path) {
  const File file = open_file(what, path);
  std::vector<Certificate> certificates;
  while (X509* certificate = PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const unsigned long error = ERR_peek_last_error();
  const bool is_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (certificates.empty()) fail(fmt::format("the {} {} holds no PEM certificate", what, path));
  if (!is_end) fail(fmt::format("the {} {} has a damaged certificate: {}", what, path, openssl_reason()));
  ERR_clear_error();
  return certificates;
}

std::string subject_of(X509* certificate) {
  char text[256];
  X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof text);
  return text;
}

std::string text_of(const ASN1_TIME* time) {
  tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return "an unreadable time";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", broken_down.tm_year + 1900, broken_down.tm_mon + 1,
                     broken_down.tm_mday, broken_down.tm_hour, broken_down.tm_min, broken_down.tm_sec);
}

void check_validity(X509* certificate, const std::string& path, time_t now, Log& log) {
  const ASN1_TIME* not_before = X509_get0_notBefore(certificate);
  const ASN1_TIME* not_after = X509_get0_notAfter(certificate);
  if (X509_cmp_time(not_after, &now) <= 0) {
    fail(fmt::format("the certificate {} in {} expired on {}", subject_of(certificate), path, text_of(not_after)));
  }
  if (X509_cmp_time(not_before, &now) > 0) {
    fail(fmt::format("the certificate {} in {} is not valid before {}", subject_of(certificate), path,
                     text_of(not_before)));
  }
  tm broken_down{};
  if (ASN1_TIME_to_tm(not_after, &broken_down) != 1) return;
  const auto days = (::timegm(&broken_down) - now) / (24 * 60 * 60);
  if (days >= kWarningDays) return;
  const std::string subject = subject_of(certificate);
  log.warn("a TLS certificate expires soon", {{"file", path},
                                              {"subject", subject},
                                              {"days", static_cast<std::int64_t>(days)},
                                              {"expires", text_of(not_after)}});
}

/// Each certificate of the file must be issued by the next; else no client can build the chain.
void check_chain(const std::vector<Certificate>& chain, const std::string& path, Log& log) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (X509_check_issued(chain[i + 1].get(), chain[i].get()) == X509_V_OK) continue;
    fail(fmt::format("the chain in {} is incomplete: {} is not issued by the certificate that follows it, {}", path,
                     subject_of(chain[i].get()), subject_of(chain[i + 1].get())));
  }
  X509* last = chain.back().get();
  if (X509_check_issued(last, last) == X509_V_OK) return;
  const std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>> lookup(X509_STORE_CTX_new());
  const std::unique_ptr<X509_STORE, Freer<X509_STORE_free>> trusted(X509_STORE_new());
  if (!lookup || !trusted || X509_STORE_set_default_paths(trusted.get()) != 1 ||
      X509_STORE_CTX_init(lookup.get(), trusted.get(), last, nullptr) != 1) {
    ERR_clear_error();
    return;
  }
  X509* issuer = nullptr;
  const bool is_known = X509_STORE_CTX_get1_issuer(&issuer, lookup.get(), last) == 1;
  X509_free(issuer);
  ERR_clear_error();
  // A private authority looks just the same, so this is no error.
  if (is_known) return;
  log.warn(
      "the issuer of the TLS certificate is neither in its file nor known to this machine: clients that do not "
      "have it will refuse the connection",
      {{"file", path}, {"subject", subject_of(last)}});
}

void use_certificate(SSL_CTX* context, const TlsOptions& options, time_t now, Log& log) {
  const auto chain = read_certificates("TLS certificate", options.certificate_file);
  for (const Certificate& certificate : chain) check_validity(certificate.get(), options.certificate_file, now, log);
  check_chain(chain, options.certificate_file, log);
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    fail(fmt::format("cannot use the TLS certificate {}: {}", options.certificate_file, openssl_reason()));
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      fail(fmt::format("cannot use the chain in {}: {}", options.certificate_file, openssl_reason()));
    }
  }
}

int no_passphrase(char*, int, int, void*) {
  return 0;
}

void use_key(SSL_CTX* context, const TlsOptions& options) {
  const File file = open_file("TLS key", options.key_file);
  const std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>> key(
      PEM_read_bio_PrivateKey(file.get(), nullptr, no_passphrase, nullptr));
  if (!key) fail(fmt::format("the TLS key {} is not a PEM private key without passphrase", options.key_file));
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    fail(fmt::format("the TLS key {} does not belong to the certificate {}", options.key_file,
                     options.certificate_file));
  }
}

const CipherSuite& suite_named(const std::string& name) {
  const auto suite = std::ranges::find(cipher_suites(), name, &CipherSuite::name);
  if (suite == cipher_suites().end()) fail(fmt::format("unknown TLS cipher suite \"{}\"", name));
  return *suite;
}

void use_ciphers(SSL_CTX* context, const TlsOptions& options) {
  std::string list;
  const auto append = [&list](const CipherSuite& suite) {
    if (suite.is_tls13) return;  // as in Go, TLS 1.3 has all of its suites
    if (!list.empty()) list += ':';
    list += suite.openssl_name;
  };
  if (options.cipher_suites.empty()) {
    for (const CipherSuite& suite : cipher_suites()) append(suite);
  } else {
    for (const std::string& name : options.cipher_suites) append(suite_named(name));
  }
  // With TLS 1.3's names alone nothing is left that TLS 1.2 could use.
  const bool is_tls13_only = options.is_tls13_only || list.empty();
  SSL_CTX_set_min_proto_version(context, is_tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (!is_tls13_only && SSL_CTX_set_cipher_list(context, list.c_str()) != 1) {
    fail(fmt::format("none of the TLS cipher suites {} is offered by this OpenSSL", list));
  }
}

int accept_any_certificate(int, X509_STORE_CTX*) {
  return 1;
}

void use_client_certificates(SSL_CTX* context, const TlsOptions& options) {
  for (const std::string& path : options.client_ca_files) {
    for (const Certificate& authority : read_certificates("file of client CAs", path)) {
      if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
          SSL_CTX_add_client_CA(context, authority.get()) != 1) {
        fail(fmt::format("cannot use the client CA {}: {}", path, openssl_reason()));
      }
    }
  }
  switch (options.client_certificates) {
    case ClientCertificates::off:
      SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
      break;
    case ClientCertificates::request:
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any_certificate);
      break;
    case ClientCertificates::require_any:
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any_certificate);
      break;
    case ClientCertificates::verify_if_given:
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
      break;
    case ClientCertificates::require_and_verify:
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      break;
  }
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  // What is chosen points into this list, so it outlives the call.
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  const int outcome = SSL_select_next_proto(&selected, chosen_size, kHttp11, sizeof kHttp11, offered, offered_size);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = selected;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::shared_ptr<const TlsContext> TlsContext::load(const TlsOptions& options, WallTime now, Log& log) {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) fail("cannot set up TLS: " + openssl_reason());
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  constexpr unsigned char kSessionContext[] = "berth";
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  use_certificate(context.get(), options, static_cast<time_t>(seconds), log);
  use_key(context.get(), options);
  use_ciphers(context.get(), options);
  use_client_certificates(context.get(), options);
  return std::shared_ptr<const TlsContext>(new TlsContext(context.release()));
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

ssl_st* TlsContext::new_connection() const {
  SSL* connection = SSL_new(context_);
  if (connection == nullptr) fail("cannot set up a TLS connection: " + openssl_reason());
  SSL_set_accept_state(connection);
  return connection;
}

}  // namespace berth::http
