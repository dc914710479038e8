// For the tests of HTTP/2: a well-behaved client built on nghttp2, and one that speaks frames of any kind.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server_test_support.h"

namespace berth::http {

using Http2FieldList = std::vector<std::pair<std::string, std::string>>;

/// An answer as far as it has come.
struct Http2ClientAnswer {
  unsigned status = 0;
  std::map<std::string, std::string> fields;
  std::string body;
  bool is_whole = false;         ///< END_STREAM has come
  bool is_closed = false;        ///< nothing more will come
  std::uint32_t reset_code = 0;  ///< of RST_STREAM, or 0
  bool is_continued = false;     ///< 100 came before

  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "(none)" : found->second;
  }
};

struct Http2ClientOptions {
  std::uint32_t window = 65'535;
  bool opens_windows = true;  ///< as bytes arrive
};

/// A blocking client. What it waits for longer than ten seconds has not come.
class Http2Client {
 public:
  using Options = Http2ClientOptions;

  explicit Http2Client(RawClient raw, Options options = {}, bool sends_preface = true) : raw_(std::move(raw)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, options.opens_windows ? 0 : 1);
    nghttp2_session_client_new2(&session_, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.window};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &window, 1);
    if (sends_preface) flush();
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  RawClient& raw() { return raw_; }
  nghttp2_session* session() { return session_; }

  /// Begins a request; more() or end() send its body, if `has_body`.
  std::int32_t start(const std::string& method, const std::string& path, const Http2FieldList& fields = {},
                     bool has_body = false) {
    Http2FieldList all = {{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "h"}};
    all.insert(all.end(), fields.begin(), fields.end());
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : all) list.push_back({bytes(name), bytes(value), name.size(), value.size(), 0});
    nghttp2_data_provider provider = {.source = {.ptr = nullptr}, .read_callback = next_data};
    const std::int32_t id =
        nghttp2_submit_request(session_, nullptr, list.data(), list.size(), has_body ? &provider : nullptr, nullptr);
    answers_[id] = {};
    flush();
    return id;
  }
  void more(std::int32_t id, std::string_view body) {
    bodies_[id].bytes += body;
    nghttp2_session_resume_data(session_, id);
    flush();
  }
  void end(std::int32_t id, std::string_view body = {}) {
    bodies_[id].is_last = true;
    more(id, body);
  }
  void reset(std::int32_t id, std::uint32_t code = NGHTTP2_CANCEL) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, code);
    flush();
  }

  std::int32_t get(const std::string& path, const Http2FieldList& fields = {}) { return start("GET", path, fields); }
  Http2ClientAnswer ask(const std::string& path, const Http2FieldList& fields = {}) {
    return receive(get(path, fields));
  }
  Http2ClientAnswer post(const std::string& path, const std::string& body, const Http2FieldList& fields = {}) {
    const std::int32_t id = start("POST", path, fields, true);
    end(id, body);
    return receive(id);
  }

  /// Everything of the stream.
  Http2ClientAnswer receive(std::int32_t id) {
    receive_until([this, id] { return answers_[id].is_closed; });
    return answers_[id];
  }
  const Http2ClientAnswer& answer(std::int32_t id) { return answers_[id]; }
  /// Takes what comes until `condition` holds; false if the connection ends before, or nothing comes for ten seconds.
  template <class Condition>
  bool receive_until(Condition condition) {
    while (!condition()) {
      if (!receive_some()) return condition();
    }
    return true;
  }
  bool receive_some() {
    if (!raw_.receive_some()) return false;
    return take(raw_.take_received());
  }
  bool take(const std::string& received) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(received.data());
    const bool is_sound = nghttp2_session_mem_recv(session_, data, received.size()) >= 0;
    flush();
    return is_sound;
  }
  std::optional<std::uint32_t> goaway() const { return goaway_; }
  std::int32_t last_stream() const { return last_stream_; }

  bool flush() {
    std::string out;
    for (;;) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size <= 0) break;
      out.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    return raw_.send(out);
  }

 private:
  struct Body {
    std::string bytes;
    std::size_t sent = 0;
    bool is_last = false;
  };

  static std::uint8_t* bytes(const std::string& text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  }
  static Http2Client& of(void* user_data) { return *static_cast<Http2Client*>(user_data); }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    Http2ClientAnswer& answer = of(user_data).answers_[frame->hd.stream_id];
    const std::string key(reinterpret_cast<const char*>(name), name_size);
    const std::string text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") {
      if (text == "100") answer.is_continued = true;
      answer.status = static_cast<unsigned>(std::stoul(text));
    } else {
      EXPECT_TRUE(answer.fields.emplace(key, text).second) << "twice: " << key;
    }
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                     void* user_data) {
    of(user_data).answers_[id].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Client& client = of(user_data);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      client.goaway_ = frame->goaway.error_code;
      client.last_stream_ = frame->goaway.last_stream_id;
    }
    const bool has_end = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (has_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
      client.answers_[frame->hd.stream_id].is_whole = true;
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user_data) {
    Http2ClientAnswer& answer = of(user_data).answers_[id];
    answer.is_closed = true;
    answer.reset_code = code;
    return 0;
  }
  static ssize_t next_data(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source*, void* user_data) {
    Body& body = of(user_data).bodies_[id];
    const std::size_t count = std::min(size, body.bytes.size() - body.sent);
    if (count == 0 && !body.is_last) return NGHTTP2_ERR_DEFERRED;
    body.bytes.copy(reinterpret_cast<char*>(into), count, body.sent);
    body.sent += count;
    if (body.is_last && body.sent == body.bytes.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  RawClient raw_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Http2ClientAnswer> answers_;
  std::map<std::int32_t, Body> bodies_;
  std::optional<std::uint32_t> goaway_;
  std::int32_t last_stream_ = 0;
};

/// A frame as it came.
struct RawFrame {
  unsigned type = 0;
  unsigned flags = 0;
  std::uint32_t stream = 0;
  std::string payload;

  std::uint32_t number_at(std::size_t offset) const {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      number = number << 8U | static_cast<unsigned char>(payload.at(offset + i));
    }
    return number;
  }
};

inline std::string number_bytes(std::uint32_t number, std::size_t size = 4) {
  std::string bytes;
  while (size-- > 0) bytes += static_cast<char>(number >> (8 * size) & 0xFFU);
  return bytes;
}

inline std::string raw_frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload = {}) {
  return number_bytes(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + number_bytes(stream) + std::string(payload);
}

/// A literal field that stays out of HPACK's table, not Huffman-coded; for names and values below 127 bytes.
inline std::string raw_field(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + std::string(name) + static_cast<char>(value.size()) +
         std::string(value);
}

inline std::string raw_head(std::string_view method, std::string_view path) {
  return raw_field(":method", method) + raw_field(":scheme", "http") + raw_field(":path", path) +
         raw_field(":authority", "h");
}

/// A client that sends whatever it is told.
class RawHttp2Client {
 public:
  static constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  explicit RawHttp2Client(RawClient raw, std::string_view settings = {}) : raw_(std::move(raw)) {
    raw_.send(std::string(kPreface) + raw_frame(NGHTTP2_SETTINGS, 0, 0, settings));
  }

  RawClient& raw() { return raw_; }
  bool send(std::string_view bytes) { return raw_.send(bytes); }
  bool send(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload = {}) {
    return raw_.send(raw_frame(type, flags, stream, payload));
  }
  bool get(std::uint32_t stream, std::string_view path) {
    return send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream, raw_head("GET", path));
  }

  std::optional<RawFrame> next() {
    while (received_.size() < 9 || received_.size() < 9 + length()) {
      if (!raw_.receive_some()) return std::nullopt;
      received_ += raw_.take_received();
    }
    RawFrame frame;
    frame.type = static_cast<unsigned char>(received_[3]);
    frame.flags = static_cast<unsigned char>(received_[4]);
    frame.payload = received_.substr(5, 4);
    frame.stream = frame.number_at(0);
    frame.payload = received_.substr(9, length());
    received_.erase(0, 9 + length());
    return frame;
  }
  /// The next frame of that type; others are passed over.
  std::optional<RawFrame> next(unsigned type) {
    for (;;) {
      auto frame = next();
      if (!frame || frame->type == type) return frame;
    }
  }
  /// The code of GOAWAY; nothing if the connection ends without.
  std::optional<std::uint32_t> goaway() {
    const auto frame = next(NGHTTP2_GOAWAY);
    if (!frame) return std::nullopt;
    return frame->number_at(4);
  }
  bool is_closed_by_server() {
    while (next()) {
    }
    return raw_.is_closed_by_server();
  }

 private:
  std::size_t length() const {
    const auto byte = [this](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(received_[i]));
    };
    return byte(0) << 16U | byte(1) << 8U | byte(2);
  }

  RawClient raw_;
  std::string received_;
};

/// The tests' server with HTTP/2 on its plain port.
class Http2Test : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    options_.speaks_h2c = true;
  }
  Http2Client client2(Http2Client::Options options = {}) { return Http2Client(client(), options); }
  RawHttp2Client raw_client(std::string_view settings = {}) { return RawHttp2Client(client(), settings); }
};

}  // namespace berth::http
