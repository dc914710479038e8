// limit_receiver: the limit of pushes. Takes blobs from the push client and does with them what nobody can leave out:
// socket -> SHA-256 -> file -> fsync. It knows no repositories, keeps no records, and overwrites the last blob of a
// connection with the next.
//
//   limit_receiver PORT DIRECTORY
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace berth::bench {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
/// The disk begins with what is there, so that the fsync at the end is short.
constexpr off_t kWriteBackBytes = off_t{8} << 20;

struct FreeHash {
  void operator()(EVP_MD_CTX* hash) const { EVP_MD_CTX_free(hash); }
};

/// A file that is hashed while it grows: the hash of one buffer beside the writing of it and the receiving of the next.
/// One thread that does one after the other reaches three quarters of it.
class Upload {
 public:
  explicit Upload(const std::string& path)
      : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (!file_.is_open() || EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) != 1) {
      throw std::runtime_error("no upload at " + path);
    }
  }

  /// The bytes must stay until the next call.
  void append(std::string_view bytes) {
    wait();
    hashing_ =
        std::async(std::launch::async, [this, bytes] { EVP_DigestUpdate(hash_.get(), bytes.data(), bytes.size()); });
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written <= 0) throw std::runtime_error("write failed");
      bytes.remove_prefix(static_cast<std::size_t>(written));
      size_bytes_ += written;
    }
    if (size_bytes_ - given_to_disk_bytes_ < kWriteBackBytes) return;
    ::sync_file_range(file_.get(), given_to_disk_bytes_, size_bytes_ - given_to_disk_bytes_, SYNC_FILE_RANGE_WRITE);
    given_to_disk_bytes_ = size_bytes_;
  }

  /// "sha256:..." of what is now on the disk.
  std::string finish() {
    wait();
    if (::fsync(file_.get()) != 0) throw std::runtime_error("fsync failed");
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum;
    unsigned length = 0;
    EVP_DigestFinal_ex(hash_.get(), sum.data(), &length);
    std::string digest = "sha256:";
    for (unsigned i = 0; i < length; ++i) digest += fmt::format("{:02x}", sum[i]);
    return digest;
  }

 private:
  void wait() {
    if (hashing_.valid()) hashing_.get();
  }

  UniqueFd file_;
  off_t size_bytes_ = 0;
  off_t given_to_disk_bytes_ = 0;
  std::unique_ptr<EVP_MD_CTX, FreeHash> hash_{EVP_MD_CTX_new()};
  std::future<void> hashing_;
};

/// One client's connection; an upload stays on it from POST to PUT.
class Client {
 public:
  Client(UniqueFd socket, std::string path) : socket_(std::move(socket)), path_(std::move(path)) {}

  void serve() {
    while (true) {
      const std::size_t head_end = read_head();
      if (head_end == 0) break;
      const std::string head = received_.substr(0, head_end);
      received_.erase(0, head_end);
      answer(head);
    }
    ::unlink(path_.c_str());
  }

 private:
  /// The length of the next request's head, or 0 when the client has gone.
  std::size_t read_head() {
    std::array<char, 65536> buffer;
    while (true) {
      const std::size_t end = received_.find("\r\n\r\n");
      if (end != std::string::npos) return end + 4;
      const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return 0;
      received_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  void answer(std::string_view head) {
    if (head.starts_with("POST ")) {
      upload_ = std::make_unique<Upload>(path_);
      send("202 Accepted");
    } else if (head.starts_with("PATCH ") && upload_) {
      receive_body(head);
      send("202 Accepted");
    } else if (head.starts_with("PUT ") && upload_) {
      receive_body(head);
      const bool is_right =
          head.substr(0, head.find('\r')).find("digest=" + upload_->finish()) != std::string_view::npos;
      send(is_right ? "201 Created" : "400 Bad Request");
      upload_.reset();
    } else {
      send("404 Not Found");
    }
  }

  void receive_body(std::string_view head) {
    constexpr std::string_view kName = "\r\nContent-Length: ";
    const std::size_t field = head.find(kName);
    std::uint64_t left = 0;
    if (field != std::string_view::npos) {
      std::from_chars(head.data() + field + kName.size(), head.data() + head.size(), left);
    }
    while (left > 0) {
      std::vector<char>& buffer = buffers_[++buffer_number_ % 2];
      const std::size_t wanted = std::min<std::uint64_t>(left, kBufferBytes);
      std::size_t size = received_.copy(buffer.data(), wanted);
      received_.erase(0, size);
      while (size < wanted) {
        const ssize_t count = ::recv(socket_.get(), buffer.data() + size, wanted - size, 0);
        if (count <= 0) throw std::runtime_error("the client broke off");
        size += static_cast<std::size_t>(count);
      }
      upload_->append({buffer.data(), size});
      left -= size;
    }
  }

  void send(std::string_view status) {
    const std::string answer =
        fmt::format("HTTP/1.1 {}\r\nLocation: /upload?state=none\r\nContent-Length: 0\r\n\r\n", status);
    if (::send(socket_.get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("send failed");
  }

  UniqueFd socket_;
  std::string path_;
  std::string received_;
  std::unique_ptr<Upload> upload_;
  std::size_t buffer_number_ = 0;
  std::array<std::vector<char>, 2> buffers_ = {std::vector<char>(kBufferBytes), std::vector<char>(kBufferBytes)};
};

UniqueFd listen_on(int port) {
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener.get(), 1024) != 0) {
    throw std::runtime_error(fmt::format("cannot listen on port {}", port));
  }
  return listener;
}

[[noreturn]] void serve(int port, const std::string& directory) {
  const UniqueFd listener = listen_on(port);
  for (unsigned number = 0;; ++number) {
    UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) continue;
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    std::thread([client = std::make_unique<Client>(std::move(socket), fmt::format("{}/{}", directory, number))] {
      try {
        client->serve();
      } catch (const std::exception& problem) {
        fmt::print(stderr, "limit_receiver: {}\n", problem.what());
      }
    }).detach();
  }
}

}  // namespace
}  // namespace berth::bench

int main(int argument_count, char** arguments) {
  if (argument_count != 3) {
    fmt::print(stderr, "usage: limit_receiver PORT DIRECTORY\n");
    return 2;
  }
  try {
    berth::bench::serve(std::atoi(arguments[1]), arguments[2]);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "limit_receiver: {}\n", problem.what());
    return 1;
  }
}
