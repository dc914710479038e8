// Server: listeners, connections, loops. Speaks HTTP/1.1 and HTTP/2 behind the same Request and Response.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "http/loop_balance.h"
#include "http/quick_answer.h"
#include "http/response.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace berth::http {

/// Where to listen. `address` is "host:port", ":port" (all addresses, IPv6 and IPv4) or a path if `is_unix`.
struct ListenAddress {
  std::string address;
  bool is_unix = false;
  /// A socket that systemd passed in, already listening; then `address` is only for the log.
  std::shared_ptr<UniqueFd> inherited = {};
};

enum class ClientCertificates { off, request, require_any, verify_if_given, require_and_verify };

struct CertificateFiles {
  std::string certificate_file;  ///< PEM, with its chain
  std::string key_file;
};

struct TlsOptions {
  std::string certificate_file;
  std::string key_file;
  /// Beside that one, for clients that ask for a name that they hold for (SNI) and the first does not.
  std::vector<CertificateFiles> more_certificates = {};
  std::vector<std::string> client_ca_files = {};
  ClientCertificates client_certificates = ClientCertificates::off;
  bool is_tls13_only = false;
  /// Go's names, as in Distribution's config; empty: Distribution's defaults.
  std::vector<std::string> cipher_suites = {};
  bool offers_http2 = true;  ///< by ALPN; clients without it speak HTTP/1.1
  bool uses_kernel = true;   ///< the kernel encrypts what is sent, if it can
};

/// What one HTTP/2 connection may use. The counts that end in `_burst` are of what costs us work and brings the client
/// nothing: so many at once, and a thirtieth of it a second in the long run. A client that does more is sent away with
/// ENHANCE_YOUR_CALM.
struct Http2Limits {
  std::size_t stream_count = 250;       ///< at a time; the handlers of streams that were broken off count, too
  std::uint64_t header_list_bytes = 0;  ///< of one request, 32 a field added; 431. 0: as ServerLimits::header_bytes
  std::size_t reset_burst = 1000;       ///< streams broken off by the client or because of its mistakes
  std::size_t ping_burst = 1000;
  std::size_t settings_burst = 100;
  std::size_t idle_frame_burst = 10'000;  ///< empty DATA, WINDOW_UPDATE and PRIORITY beyond what answers call for
  /// Bytes of a request's body that may wait for their handler, and of all bodies of a connection.
  std::uint64_t stream_window_bytes = 1024 * 1024;
  std::uint64_t connection_window_bytes = 4 * 1024 * 1024;
};

struct ServerLimits {
  std::size_t connection_count = 10'000;
  std::size_t header_bytes = 64 * 1024;           ///< request line and fields together; 431
  std::size_t target_bytes = 8 * 1024;            ///< 414
  std::chrono::milliseconds header_time{10'000};  ///< from the first byte of a request to its last header
  std::chrono::milliseconds idle_time{75'000};    ///< of a kept-alive connection between requests
  std::chrono::milliseconds tls_handshake_time{10'000};
  std::chrono::milliseconds body_stall_time{30'000};   ///< without one byte of body
  std::chrono::milliseconds write_stall_time{30'000};  ///< without the peer taking one byte
  /// Of a body, either way, over a progress_window of waiting for the peer; slower is cut off. 0: none.
  std::uint64_t minimum_bytes_per_second = 256;
  std::chrono::milliseconds progress_window{30'000};
  std::uint64_t drain_bytes = 256 * 1024;  ///< of an unread body after a final status
  std::chrono::milliseconds drain_time{500};
  std::size_t requests_per_connection = 100'000;
  Http2Limits http2;
};

struct ServerOptions {
  std::vector<ListenAddress> listeners;
  std::optional<TlsOptions> tls;
  /// HTTP/2 without TLS, too: for clients that begin with it or ask for it by Upgrade.
  bool speaks_h2c = false;
  ServerLimits limits;
  std::size_t loop_count = 1;  ///< 0: one for each core
  /// On which loops connections go on, of that many; null: each stays where it was accepted.
  std::shared_ptr<LoopBalance> balance = {};
};

/// One line a request, handed to the owner when the answer is out (or broken off).
struct AccessRecord {
  std::string peer_address;
  std::string user;
  std::string method;
  std::string target;
  unsigned http_major = 1;
  unsigned http_minor = 1;
  unsigned status = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t request_body_bytes = 0;
  bool is_complete = true;
  std::string referer;
  std::string user_agent;
  std::string request_id;
  std::string host;
  std::chrono::microseconds duration{0};
};
using AccessSink = std::function<void(const AccessRecord&)>;

/// Lifetime: start() once; drain(); then destroyed, which waits until every handler has ended: their frames may be
/// written to by blocking work elsewhere. A program that must not wait for a stuck disk leaves with _exit instead.
/// Threading: start, drain and reload_tls are called by the owner's thread.
class Server {
 public:
  /// `quick`, if there is one, is asked before `handler` for what it can answer at once.
  Server(ServerOptions options, Handler handler, AccessSink access, Log& log, Metrics& metrics,
         QuickHandler quick = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds every listener, then serves on threads of its own. Throws Failure(internal) with one line such as
  /// "cannot listen on 127.0.0.1:5000: Address already in use" before anything is served.
  void start();

  /// The addresses really bound ("127.0.0.1:43217" for port 0), in the order of the options.
  std::vector<std::string> bound_addresses() const;

  /// The loops, for work of the owner that must run on one (tests, background jobs).
  boost::asio::any_io_executor executor(std::size_t index = 0) const;

  /// Processor time of its loops since start(): what clients have made it do. Threading: any thread.
  std::chrono::nanoseconds busy_time() const;

  /// Reads certificates and keys again for new connections; open ones go on with what they have. Throws and keeps the
  /// old ones if they do not fit.
  void reload_tls();
  /// Warns of certificates in use that expire soon or have expired. To be called once a day: a certificate can be in
  /// use for longer than a warning at the start is remembered.
  void warn_of_expiry() const;

  /// Stops listening, lets requests under way end for at most `limit`, then closes what is left. Returns true if
  /// nothing had to be cut off. Blocks the caller, never a loop.
  bool drain(std::chrono::milliseconds limit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace berth::http
