#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <optional>

#include "http/http2_test_client.h"
#include "http/response_head.h"
#include "http/tls_context.h"
#include "http/tls_socket.h"
#include "tests/support/temporary_directory.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

/// A certificate and its key, signed by another or by itself.
struct Identity {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

class Certificates {
 public:
  ~Certificates() {
    for (const Identity& identity : made_) {
      X509_free(identity.certificate);
      EVP_PKEY_free(identity.key);
    }
  }

  /// `names`: as in openssl.cnf, "DNS:a.example.com,DNS:*.b.example.com"; null: none beside the common name.
  Identity make(const char* name, const Identity* issuer, long valid_days, bool is_authority,
                const char* names = nullptr) {
    Identity made{X509_new(), EVP_EC_gen("P-256")};
    made_.push_back(made);
    X509_set_version(made.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), static_cast<long>(made_.size()));
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), -100 * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), valid_days * 86400L);
    X509_set_pubkey(made.certificate, made.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer ? issuer->certificate : made.certificate));
    X509_EXTENSION* constraint =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    X509_add_ext(made.certificate, constraint, -1);
    X509_EXTENSION_free(constraint);
    if (names != nullptr) {
      X509_EXTENSION* alternatives = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
      X509_add_ext(made.certificate, alternatives, -1);
      X509_EXTENSION_free(alternatives);
    }
    X509_sign(made.certificate, issuer ? issuer->key : made.key, EVP_sha256());
    return made;
  }

  static void write_certificates(const std::string& path, const std::vector<Identity>& chain) {
    BIO* file = BIO_new_file(path.c_str(), "w");
    for (const Identity& identity : chain) PEM_write_bio_X509(file, identity.certificate);
    BIO_free_all(file);
  }
  static void write_key(const std::string& path, const Identity& identity) {
    BIO* file = BIO_new_file(path.c_str(), "w");
    PEM_write_bio_PrivateKey(file, identity.key, nullptr, nullptr, 0, nullptr, nullptr);
    BIO_free_all(file);
  }

 private:
  std::vector<Identity> made_;
};

struct ClientOptions {
  int version = 0;
  const char* ciphers = nullptr;
  std::vector<unsigned char> protocols = {};
  std::optional<Identity> identity = {};
  const char* server_name = nullptr;
};

/// A blocking TLS client.
class TlsClient {
 public:
  TlsClient(const std::string& address, const ClientOptions& options) : raw_(address) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (options.version != 0) {
      SSL_CTX_set_min_proto_version(context_, options.version);
      SSL_CTX_set_max_proto_version(context_, options.version);
    }
    if (options.ciphers != nullptr) SSL_CTX_set_cipher_list(context_, options.ciphers);
    if (options.identity) {
      SSL_CTX_use_certificate(context_, options.identity->certificate);
      SSL_CTX_use_PrivateKey(context_, options.identity->key);
    }
    tls_ = SSL_new(context_);
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(tls_, options.protocols.data(), static_cast<unsigned>(options.protocols.size()));
    }
    if (options.server_name != nullptr) SSL_set_tlsext_host_name(tls_, options.server_name);
    SSL_set_fd(tls_, raw_.fd());
    is_connected_ = SSL_connect(tls_) == 1;
    ERR_clear_error();
  }
  ~TlsClient() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
  }

  bool is_connected() const { return is_connected_; }
  SSL* tls() { return tls_; }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls_, &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  }
  std::string common_name() const {
    char name[100] = {};
    X509* certificate = SSL_get1_peer_certificate(tls_);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    X509_free(certificate);
    return name;
  }

  /// Sends the request and reads until `end` has come; all that came.
  std::string ask_until(std::string_view request, std::string_view end) {
    std::size_t done = 0;
    SSL_write_ex(tls_, request.data(), request.size(), &done);
    std::string answer;
    while (answer.find(end) == std::string::npos) {
      char bytes[32768];
      if (SSL_read_ex(tls_, bytes, sizeof bytes, &done) != 1) break;
      answer.append(bytes, done);
    }
    ERR_clear_error();
    return answer;
  }

  /// Sends the request and reads until the answer's body has `body_size` bytes; the whole answer, empty if refused.
  std::string ask(std::string_view request, std::size_t body_size) {
    std::size_t done = 0;
    if (SSL_write_ex(tls_, request.data(), request.size(), &done) != 1) return {};
    std::string answer;
    std::size_t head_end = std::string::npos;
    while (head_end == std::string::npos || answer.size() < head_end + 4 + body_size) {
      char bytes[32768];
      if (SSL_read_ex(tls_, bytes, sizeof bytes, &done) != 1) break;
      answer.append(bytes, done);
      if (head_end == std::string::npos) head_end = answer.find("\r\n\r\n");
    }
    ERR_clear_error();
    return answer;
  }

 private:
  RawClient raw_;
  SSL_CTX* context_;
  SSL* tls_;
  bool is_connected_ = false;
};

class Tls : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    root_ = made_.make("root", nullptr, 365, true);
    server_identity_ = made_.make("server", &root_, 365, false);
    certificate_file_ = directory_.file("server.crt");
    key_file_ = directory_.file("server.key");
    Certificates::write_certificates(certificate_file_, {server_identity_, root_});
    Certificates::write_key(key_file_, server_identity_);
    options_.tls = TlsOptions{.certificate_file = certificate_file_, .key_file = key_file_};
  }

  TlsClient tls_client(const ClientOptions& options = {}) {
    if (!server_) start();
    return TlsClient(address_, options);
  }
  void require_clients(ClientCertificates mode) {
    const std::string path = directory_.file("ca.crt");
    Certificates::write_certificates(path, {root_});
    options_.tls->client_ca_files = {path};
    options_.tls->client_certificates = mode;
  }
  /// With TLS 1.3 a refused certificate shows only at the first read.
  bool is_served(const ClientOptions& options) {
    TlsClient client = tls_client(options);
    return client.is_connected() && !client.ask(get("/"), 5).empty();
  }
  std::string failure_to_load() {
    try {
      TlsContext::load(*options_.tls, SystemClock().now(), *log_);
    } catch (const Failure& failure) {
      return failure.what();
    }
    return "(loaded)";
  }

  const TemporaryDirectory directory_;
  Certificates made_;
  Identity root_;
  Identity server_identity_;
  std::string certificate_file_;
  std::string key_file_;
};

TEST_F(Tls, SpeaksBothVersions) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client = tls_client({.version = version});
    ASSERT_TRUE(client.is_connected());
    EXPECT_THAT(client.ask(get("/"), 5), AllOf(HasSubstr("HTTP/1.1 200 OK"), HasSubstr("hello")));
    EXPECT_THAT(client.ask(post("/echo", std::string(100'000, 'x')), 100'000), HasSubstr(std::string(100'000, 'x')));
  }
  EXPECT_FALSE(tls_client({.version = TLS1_1_VERSION}).is_connected());
}

TEST_F(Tls, CanBeHeldToTheNewestVersion) {
  options_.tls->is_tls13_only = true;
  EXPECT_FALSE(tls_client({.version = TLS1_2_VERSION}).is_connected());
  EXPECT_TRUE(tls_client().is_connected());
}

TEST_F(Tls, SendsFilesBetweenMemory) {
  const std::size_t size = 3'000'003;
  site_.file = counting_file(size);
  site_.file_size = size;
  TlsClient client = tls_client();
  const std::string answer = client.ask(get("/file"), size + 2);
  EXPECT_TRUE(answer.ends_with("<" + content_of(*site_.file, size) + ">"));
  EXPECT_THAT(client.ask(get("/"), 5), HasSubstr("hello"));
}

TEST_F(Tls, OffersTheSuitesThatAreConfigured) {
  options_.tls->cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_TRUE(tls_client({.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}).is_connected());
  EXPECT_FALSE(tls_client({.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"}).is_connected());
}

TEST_F(Tls, RefusesUnknownSuites) {
  options_.tls->cipher_suites = {"TLS_FOO"};
  EXPECT_EQ(failure_to_load(), "unknown TLS cipher suite \"TLS_FOO\"");
}

TEST_F(Tls, OffersNoSuiteOfTls12IfOnlyThoseOf13AreNamed) {
  options_.tls->cipher_suites = {"TLS_AES_128_GCM_SHA256"};
  EXPECT_FALSE(tls_client({.version = TLS1_2_VERSION}).is_connected());
  EXPECT_TRUE(tls_client({.version = TLS1_3_VERSION}).is_connected());
}

const std::vector<unsigned char> kBothProtocols = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

TEST_F(Tls, NegotiatesHttp2) {
  TlsClient client = tls_client({.protocols = kBothProtocols});
  EXPECT_EQ(client.protocol(), "h2");
  const std::string request =
      std::string(RawHttp2Client::kPreface) + raw_frame(NGHTTP2_SETTINGS, 0, 0) +
      raw_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, raw_head("GET", "/"));
  EXPECT_THAT(client.ask_until(request, "hello"), HasSubstr("hello"));
  EXPECT_EQ(tls_client({.protocols = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'}}).protocol(), "http/1.1");
  EXPECT_EQ(tls_client().protocol(), "");
}

TEST_F(Tls, NegotiatesHttp11IfToldTo) {
  options_.tls->offers_http2 = false;
  TlsClient client = tls_client({.protocols = kBothProtocols});
  EXPECT_EQ(client.protocol(), "http/1.1");
  EXPECT_THAT(client.ask(get("/"), 5), HasSubstr("hello"));
  EXPECT_EQ(tls_client({.protocols = {2, 'h', '2'}}).protocol(), "");
}

TEST_F(Tls, AClientMayAskForNewKeys) {
  TlsClient client = tls_client({.version = TLS1_3_VERSION});
  EXPECT_THAT(client.ask(get("/"), 5), HasSubstr("hello"));
  EXPECT_EQ(SSL_key_update(client.tls(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
  EXPECT_THAT(client.ask(get("/"), 5), HasSubstr("hello"));
  EXPECT_EQ(SSL_key_update(client.tls(), SSL_KEY_UPDATE_REQUESTED), 1);
  const std::string answer = client.ask(get("/"), 5);
  // The kernel cannot be given others: then the connection ends, rather than send what nobody can read.
  EXPECT_THAT(answer, AnyOf(HasSubstr("hello"), kernel_offers_tls() ? "" : "hello"));
}

/// Moves all that is active to the other of two loops, again and again.
class Swing final : public LoopBalance {
 public:
  std::optional<LoopMove> look(std::size_t loop, double, Time) override {
    return LoopMove{.to = 1 - loop, .is_half = false};
  }
  void rest(std::size_t) override {}
};

TEST_F(Tls, GoesOnOnAnotherLoop) {
  options_.balance = std::make_shared<Swing>();
  Response response;
  response.body = BodyPieces{SharedBytes("hello")};
  const auto prepared = std::make_shared<const PreparedAnswer>(prepare_answer(response).value());
  quick_ = [&](const RequestView& request) {
    return request.target == "/quick" ? QuickAnswer{.prepared = prepared} : QuickAnswer{};
  };
  TlsClient client = tls_client();
  int count = 0;
  EXPECT_TRUE(eventually([&] {
    for (int i = 0; i < 100; ++i) {
      EXPECT_THAT(client.ask(get("/quick"), 5), HasSubstr("hello"));
      if (i == 0) EXPECT_THAT(client.ask(post("/echo", std::string(40'000, 'x')), 40'000), HasSubstr("xxx"));
    }
    return ++count > 10'000 || counter("berth_http_connections_moved_total") >= 5;
  }));
  EXPECT_GE(counter("berth_http_connections_moved_total"), 5U);
}

TEST_F(Tls, TellsAPlainClientWhatIsWrong) {
  const RawAnswer answer = client().ask(get("/"));
  EXPECT_EQ(answer.status, 400U);
  EXPECT_THAT(answer.body, HasSubstr("HTTPS"));
}

TEST_F(Tls, EndsAHandshakeThatNeverEnds) {
  options_.limits.tls_handshake_time = 200ms;
  RawClient client = this->client();
  client.send("\x16\x03\x01");
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(counter("berth_http_timeouts_total", {{"phase", "handshake"}}), 1U);
}

TEST_F(Tls, DrainsWhileAHandshakeStands) {
  RawClient client = this->client();
  ASSERT_TRUE(eventually([this] { return counter("berth_http_connections_accepted_total") == 1; }));
  EXPECT_TRUE(server_->drain(5s));
}

TEST_F(Tls, ChecksClientCertificates) {
  const Identity known = made_.make("known", &root_, 100, false);
  const Identity stranger = made_.make("stranger", nullptr, 100, false);
  struct Case {
    ClientCertificates mode;
    bool serves_without, serves_stranger;
  };
  for (const Case& each :
       {Case{ClientCertificates::off, true, true}, Case{ClientCertificates::request, true, true},
        Case{ClientCertificates::require_any, false, true}, Case{ClientCertificates::verify_if_given, true, false},
        Case{ClientCertificates::require_and_verify, false, false}}) {
    server_.reset();
    require_clients(each.mode);
    EXPECT_EQ(is_served({}), each.serves_without) << static_cast<int>(each.mode);
    EXPECT_EQ(is_served({.identity = stranger}), each.serves_stranger) << static_cast<int>(each.mode);
    EXPECT_TRUE(is_served({.identity = known})) << static_cast<int>(each.mode);
  }
}

TEST_F(Tls, ReadsTheFilesAgain) {
  EXPECT_EQ(tls_client().common_name(), "server");
  const Identity renewed = made_.make("renewed", &root_, 365, false);
  Certificates::write_certificates(certificate_file_, {renewed, root_});
  EXPECT_THROW(server_->reload_tls(), Failure);
  EXPECT_EQ(tls_client().common_name(), "server");
  Certificates::write_key(key_file_, renewed);
  TlsClient before = tls_client();
  server_->reload_tls();
  EXPECT_EQ(tls_client().common_name(), "renewed");
  EXPECT_THAT(before.ask(get("/"), 5), HasSubstr("hello"));
}

class TlsOfSeveralNames : public Tls {
 protected:
  void SetUp() override {
    Tls::SetUp();
    add("mirror", "DNS:mirror.example.com,DNS:*.cdn.example.com");
    add("old", nullptr);
  }
  void add(const char* name, const char* names) {
    const Identity identity = made_.make(name, &root_, 365, false, names);
    const CertificateFiles files{directory_.file(std::string(name) + ".crt"),
                                 directory_.file(std::string(name) + ".key")};
    Certificates::write_certificates(files.certificate_file, {identity, root_});
    Certificates::write_key(files.key_file, identity);
    options_.tls->more_certificates.push_back(files);
  }
  std::string shown_to(const char* server_name, int version = 0) {
    return tls_client({.version = version, .server_name = server_name}).common_name();
  }
};

TEST_F(TlsOfSeveralNames, ShowsTheCertificateOfTheNameAskedFor) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(shown_to("mirror.example.com", version), "mirror");
    EXPECT_EQ(shown_to("MIRROR.example.com", version), "mirror");
    EXPECT_EQ(shown_to("a.cdn.example.com", version), "mirror");
    EXPECT_EQ(shown_to("old", version), "old") << "by its common name, having no others";
    EXPECT_EQ(shown_to("a.b.cdn.example.com", version), "server");
    EXPECT_EQ(shown_to("unknown.example.com", version), "server");
    EXPECT_EQ(shown_to(nullptr, version), "server");
  }
}

TEST_F(TlsOfSeveralNames, SpeaksTheSameUnderEachName) {
  require_clients(ClientCertificates::require_and_verify);
  const Identity known = made_.make("known", &root_, 100, false);
  for (const char* name : {"mirror.example.com", "server"}) {
    TlsClient client =
        tls_client({.protocols = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'}, .identity = known, .server_name = name});
    ASSERT_TRUE(client.is_connected());
    EXPECT_EQ(client.protocol(), "http/1.1");
    EXPECT_THAT(client.ask(get("/"), 5), HasSubstr("hello"));
    TlsClient stranger = tls_client({.server_name = name});
    EXPECT_TRUE(!stranger.is_connected() || stranger.ask(get("/"), 5).empty());
  }
}

TEST_F(TlsOfSeveralNames, ReadsAllOfThemAgainWhileConnectionsGoOn) {
  TlsClient before = tls_client({.server_name = "mirror.example.com"});
  RawClient half_way = client();  // has begun, and its handshake has not
  const Identity renewed = made_.make("renewed", &root_, 365, false, "DNS:mirror.example.com");
  Certificates::write_certificates(options_.tls->more_certificates[0].certificate_file, {renewed, root_});
  Certificates::write_key(options_.tls->more_certificates[0].key_file, renewed);
  server_->reload_tls();
  EXPECT_EQ(shown_to("mirror.example.com"), "renewed");
  EXPECT_EQ(shown_to("a.cdn.example.com"), "server");
  EXPECT_THAT(before.ask(get("/"), 5), HasSubstr("hello"));
}

TEST_F(TlsOfSeveralNames, OneThatDoesNotFitIsNamed) {
  options_.tls->more_certificates[0].key_file = key_file_;
  EXPECT_EQ(failure_to_load(), "the TLS key " + key_file_ + " does not belong to the certificate " +
                                   options_.tls->more_certificates[0].certificate_file);
}

TEST_F(TlsOfSeveralNames, ExpiryIsAMetric) {
  start();
  const std::string text = metrics_.render();
  EXPECT_THAT(text, HasSubstr("berth_tls_certificate_expiry_timestamp_seconds{file=\"" + certificate_file_ + "\"}"));
  EXPECT_THAT(text, HasSubstr("mirror.crt\"}"));
}

TEST_F(Tls, SaysWhatIsWrongWithTheFiles) {
  options_.tls->certificate_file = "/no/such/file";
  EXPECT_EQ(failure_to_load(), "cannot read the TLS certificate /no/such/file: No such file or directory");
  options_.tls->certificate_file = key_file_;
  EXPECT_EQ(failure_to_load(), "the TLS certificate " + key_file_ + " holds no PEM certificate");
  options_.tls->certificate_file = certificate_file_;
  options_.tls->key_file = "/no/such/key";
  EXPECT_EQ(failure_to_load(), "cannot read the TLS key /no/such/key: No such file or directory");
  options_.tls->key_file = certificate_file_;
  EXPECT_THAT(failure_to_load(), HasSubstr("is not a PEM private key"));
  const std::string other_key = directory_.file("other.key");
  Certificates::write_key(other_key, root_);
  options_.tls->key_file = other_key;
  EXPECT_EQ(failure_to_load(), "the TLS key " + other_key + " does not belong to the certificate " + certificate_file_);
}

TEST_F(Tls, RefusesExpiredCertificates) {
  const Identity expired = made_.make("expired", &root_, -1, false);
  Certificates::write_certificates(certificate_file_, {expired});
  Certificates::write_key(key_file_, expired);
  EXPECT_THAT(failure_to_load(),
              AllOf(HasSubstr("/CN=expired"), HasSubstr(certificate_file_), HasSubstr("expired on 2")));
}

TEST_F(Tls, RefusesAChainWithAHole) {
  const Identity intermediate = made_.make("intermediate", &root_, 365, true);
  const Identity leaf = made_.make("leaf", &intermediate, 365, false);
  Certificates::write_key(key_file_, leaf);
  Certificates::write_certificates(certificate_file_, {leaf, root_});
  EXPECT_THAT(failure_to_load(), AllOf(HasSubstr("is incomplete"), HasSubstr("/CN=leaf")));
  Certificates::write_certificates(certificate_file_, {leaf, intermediate, root_});
  EXPECT_EQ(failure_to_load(), "(loaded)");
  Certificates::write_certificates(certificate_file_, {leaf});
  EXPECT_EQ(failure_to_load(), "(loaded)");
}

class WarningLog final : public Log {
 public:
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) override {
    if (level != LogLevel::warn) return;
    std::string line(message);
    for (const LogField& field : fields) {
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
        line += fmt::format(" {}={}", field.name, *number);
      }
    }
    warnings.push_back(line);
  }
  bool is_enabled(LogLevel) const override { return true; }
  void set_level(LogLevel) override {}
  std::vector<std::string> warnings;
};

TEST_F(Tls, WarnsBeforeACertificateExpires) {
  WarningLog log;
  TlsContext::load(*options_.tls, SystemClock().now(), log);
  EXPECT_THAT(log.warnings, ::testing::IsEmpty());
  TlsContext::load(*options_.tls, SystemClock().now() + std::chrono::hours(355 * 24 + 12), log);
  EXPECT_THAT(log.warnings, ::testing::Contains("a TLS certificate expires soon days=9"));
}

TEST_F(Tls, WarnsAgainWhenItIsAsked) {
  WarningLog log;
  const auto loaded = TlsContext::load(*options_.tls, SystemClock().now(), log);
  loaded->warn_of_expiry(SystemClock().now() + std::chrono::hours(360 * 24 + 12), log);
  loaded->warn_of_expiry(SystemClock().now() + std::chrono::hours(366 * 24), log);
  ASSERT_EQ(log.warnings.size(), 2U);
  EXPECT_EQ(log.warnings[0], "a TLS certificate expires soon days=4");
  EXPECT_THAT(log.warnings[1], HasSubstr("in use has expired"));
}

TEST_F(Tls, WarnsOfAnIssuerThatNobodyKnows) {
  WarningLog log;
  Certificates::write_certificates(certificate_file_, {server_identity_});
  TlsContext::load(*options_.tls, SystemClock().now(), log);
  ASSERT_EQ(log.warnings.size(), 1U);
  EXPECT_THAT(log.warnings[0], HasSubstr("issuer"));
}

}  // namespace
}  // namespace berth::http
