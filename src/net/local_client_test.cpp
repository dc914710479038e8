#include "net/local_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

#include "base/failure.h"
#include "base/unique_fd.h"
#include "net/socket_path.h"

namespace berth {
namespace {

// Answers one connection with the given bytes.
class OneAnswer {
 public:
  OneAnswer(std::string path, std::string answer)
      : path_(std::move(path)), listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const SocketPath short_path(path_);
    std::memcpy(address.sun_path, short_path.text().data(), short_path.text().size());
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    thread_ = std::thread([this, answer = std::move(answer)] {
      const UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
      std::array<char, 4096> request;
      const ssize_t count = ::recv(peer.get(), request.data(), request.size(), 0);
      EXPECT_GT(count, 0);
      EXPECT_EQ(::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL), static_cast<ssize_t>(answer.size()));
    });
  }
  ~OneAnswer() {
    thread_.join();
    ::unlink(path_.c_str());
  }

 private:
  std::string path_;
  UniqueFd listener_;
  std::thread thread_;
};

std::string socket_path() {
  return testing::TempDir() + "/local-client-" + std::to_string(::getpid());
}

TEST(LocalClient, BringsBackStatusAndBody) {
  const OneAnswer server(socket_path(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello");
  const auto answer = ask_local_server(socket_path(), "GET", "/status");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
}

TEST(LocalClient, ReachesASocketWhosePathIsTooLongForAnAddress) {
  const std::string directory = testing::TempDir() + "/" + std::string(150, 'd') + std::to_string(::getpid());
  ASSERT_EQ(::mkdir(directory.c_str(), 0700), 0);
  {
    const OneAnswer server(directory + "/socket", "HTTP/1.1 200 OK\r\n\r\nfar away");
    const auto answer = ask_local_server(directory + "/socket", "GET", "/status");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "far away");
  }
  ::rmdir(directory.c_str());
}

TEST(LocalClient, SaysNothingWhereNobodyListens) {
  EXPECT_FALSE(ask_local_server(socket_path() + "-none", "GET", "/"));
}

TEST(LocalClient, RefusesWhatIsNotHttpAndWhatIsTooLong) {
  {
    const OneAnswer server(socket_path(), "SSH-2.0\r\n");
    EXPECT_THROW(ask_local_server(socket_path(), "GET", "/"), Failure);
  }
  const OneAnswer server(socket_path(), "HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x'));
  LocalClientLimits limits;
  limits.answer_bytes = 100;
  EXPECT_THROW(ask_local_server(socket_path(), "GET", "/", limits), Failure);
}

}  // namespace
}  // namespace berth
