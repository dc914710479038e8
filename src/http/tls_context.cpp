#include "http/tls_context.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "base/failure.h"
#include "base/unique_fd.h"
#include "http/server_names.h"
#include "http/tls_socket.h"

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

std::optional<WallTime> wall_time_of(const ASN1_TIME* time) {
  tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return std::nullopt;
  return WallTime(std::chrono::seconds(::timegm(&broken_down)));
}

void check_validity(X509* certificate, const std::string& path, time_t now) {
  const ASN1_TIME* not_before = X509_get0_notBefore(certificate);
  const ASN1_TIME* not_after = X509_get0_notAfter(certificate);
  if (X509_cmp_time(not_after, &now) <= 0) {
    fail(fmt::format("the certificate {} in {} expired on {}", subject_of(certificate), path, text_of(not_after)));
  }
  if (X509_cmp_time(not_before, &now) > 0) {
    fail(fmt::format("the certificate {} in {} is not valid before {}", subject_of(certificate), path,
                     text_of(not_before)));
  }
}

/// Of the certificate of the chain that expires first.
CertificateFacts facts_of(const std::vector<Certificate>& chain, const std::string& path) {
  CertificateFacts facts{.file = path, .subject = subject_of(chain.front().get()), .expires = WallTime::max()};
  for (const Certificate& certificate : chain) {
    const std::optional<WallTime> expires = wall_time_of(X509_get0_notAfter(certificate.get()));
    if (!expires || *expires >= facts.expires) continue;
    facts.expires = *expires;
    facts.subject = subject_of(certificate.get());
  }
  return facts;
}

/// The names that a certificate holds for: its DNS names, else, as it was of old, its common name.
std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type != GEN_DNS) continue;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  if (all) return names;
  char common_name[256];
  const int size =
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common_name, sizeof common_name);
  if (size > 0) names.emplace_back(common_name, static_cast<std::size_t>(size));
  return names;
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

std::vector<Certificate> use_certificate(SSL_CTX* context, const CertificateFiles& files, time_t now, Log& log) {
  std::vector<Certificate> chain = read_certificates("TLS certificate", files.certificate_file);
  for (const Certificate& certificate : chain) check_validity(certificate.get(), files.certificate_file, now);
  check_chain(chain, files.certificate_file, log);
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    fail(fmt::format("cannot use the TLS certificate {}: {}", files.certificate_file, openssl_reason()));
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      fail(fmt::format("cannot use the chain in {}: {}", files.certificate_file, openssl_reason()));
    }
  }
  return chain;
}

int no_passphrase(char*, int, int, void*) {
  return 0;
}

void use_key(SSL_CTX* context, const CertificateFiles& files) {
  const File file = open_file("TLS key", files.key_file);
  const std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>> key(
      PEM_read_bio_PrivateKey(file.get(), nullptr, no_passphrase, nullptr));
  if (!key) fail(fmt::format("the TLS key {} is not a PEM private key without passphrase", files.key_file));
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    fail(fmt::format("the TLS key {} does not belong to the certificate {}", files.key_file, files.certificate_file));
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
                    unsigned offered_size, void* offers_http2) {
  // What is chosen points into this list, so it outlives the call.
  static constexpr unsigned char kBoth[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  constexpr unsigned kHttp2Bytes = 3;
  const unsigned skipped = offers_http2 != nullptr ? 0 : kHttp2Bytes;
  unsigned char* selected = nullptr;
  const int outcome =
      SSL_select_next_proto(&selected, chosen_size, kBoth + skipped, sizeof kBoth - skipped, offered, offered_size);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = selected;
  return SSL_TLSEXT_ERR_OK;
}

/// Everything but certificate and key.
Context make_context(const TlsOptions& options) {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) fail("cannot set up TLS: " + openssl_reason());
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  if (options.uses_kernel && kernel_offers_tls()) SSL_CTX_set_options(context.get(), SSL_OP_ENABLE_KTLS);
  constexpr unsigned char kSessionContext[] = "berth";
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1);
  // Anything but null, for choose_protocol().
  void* offers_http2 = options.offers_http2 ? context.get() : nullptr;
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, offers_http2);
  use_ciphers(context.get(), options);
  use_client_certificates(context.get(), options);
  return context;
}

/// The further certificates of a context, for as long as that lives: a handshake that began before a reload ends with
/// what it began with.
struct FurtherCertificates {
  ServerNames names;
  std::vector<Context> contexts;  ///< the number 0 of `names` is the context's own; 1 is the first here
};

void free_further(void*, void* further, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<FurtherCertificates*>(further);
}

int further_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_further);
  return index;
}

int choose_certificate(SSL* connection, int*, void* context) {
  const auto* further =
      static_cast<const FurtherCertificates*>(SSL_CTX_get_ex_data(static_cast<SSL_CTX*>(context), further_index()));
  const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  const std::optional<std::size_t> number = name != nullptr ? further->names.find(name) : std::nullopt;
  if (number && *number > 0) SSL_set_SSL_CTX(connection, further->contexts[*number - 1].get());
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::shared_ptr<const TlsContext> TlsContext::load(const TlsOptions& options, WallTime now, Log& log) {
  const auto seconds = static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  std::vector<CertificateFiles> all{{options.certificate_file, options.key_file}};
  all.insert(all.end(), options.more_certificates.begin(), options.more_certificates.end());

  std::vector<CertificateFacts> certificates;
  auto further = std::make_unique<FurtherCertificates>();
  Context first;
  for (const CertificateFiles& files : all) {
    Context context = make_context(options);
    const std::vector<Certificate> chain = use_certificate(context.get(), files, seconds, log);
    use_key(context.get(), files);
    const std::vector<std::string> names = names_of(chain.front().get());
    if (first && names.empty())
      log.warn("a TLS certificate holds for no name: no client will get it", {{"file", files.certificate_file}});
    for (const std::string& name : names) further->names.add(name, certificates.size());
    certificates.push_back(facts_of(chain, files.certificate_file));
    if (first) {
      further->contexts.push_back(std::move(context));
    } else {
      first = std::move(context);
    }
  }
  if (!further->contexts.empty()) {
    SSL_CTX_set_tlsext_servername_callback(first.get(), choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(first.get(), first.get());
    if (SSL_CTX_set_ex_data(first.get(), further_index(), further.get()) != 1)
      fail("cannot set up TLS: " + openssl_reason());
    further.release();  // NOLINT(bugprone-unused-return-value): the context's from here on
  }
  std::shared_ptr<const TlsContext> loaded(new TlsContext(first.release(), std::move(certificates)));
  loaded->warn_of_expiry(now, log);
  return loaded;
}

void TlsContext::warn_of_expiry(WallTime now, Log& log) const {
  for (const CertificateFacts& certificate : certificates_) {
    const auto days = std::chrono::floor<std::chrono::days>(certificate.expires - now).count();
    if (days >= kWarningDays) continue;
    log.warn(days >= 0 ? "a TLS certificate expires soon" : "a TLS certificate in use has expired",
             {{"file", certificate.file},
              {"subject", certificate.subject},
              {"days", static_cast<std::int64_t>(days)},
              {"expires", fmt::format("{:%Y-%m-%d %H:%M:%S} UTC",
                                      fmt::gmtime(std::chrono::floor<std::chrono::seconds>(certificate.expires)))}});
  }
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
