#include "apps/berth/secret_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace berth {
namespace {

constexpr std::size_t kLongestInput = 4096;

/// The terminal does not show what is typed while this lives.
class WithoutEcho {
 public:
  explicit WithoutEcho(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal_, &before_) != 0)
      throw failure_from_errno(FailureKind::internal, "cannot use the terminal", errno);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (::tcsetattr(terminal_, TCSAFLUSH, &quiet) != 0) {
      throw failure_from_errno(FailureKind::internal, "cannot use the terminal", errno);
    }
  }
  ~WithoutEcho() { ::tcsetattr(terminal_, TCSAFLUSH, &before_); }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;

 private:
  int terminal_;
  termios before_{};
};

void say(int terminal, std::string_view text) {
  // A terminal that cannot be written to will not be read from either.
  [[maybe_unused]] const ssize_t written = ::write(terminal, text.data(), text.size());
}

/// Up to the end of the line (not part of it), or of the input.
std::string read_line(int terminal) {
  std::string line;
  for (char c = 0; line.size() < kLongestInput;) {
    const ssize_t count = ::read(terminal, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || c == '\n') break;
    line += c;
  }
  return line;
}

std::string ask_on_terminal(const std::string& what) {
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.is_open()) {
    throw Failure(FailureKind::internal, fmt::format("there is no terminal to ask for the {} on: pipe it in", what));
  }
  std::string first;
  std::string second;
  {
    const WithoutEcho quiet(terminal.get());
    say(terminal.get(), fmt::format("{}: ", what));
    first = read_line(terminal.get());
    say(terminal.get(), fmt::format("\n{} again: ", what));
    second = read_line(terminal.get());
    say(terminal.get(), "\n");
  }
  if (first != second) throw Failure(FailureKind::internal, fmt::format("the two {}s differ", what));
  return first;
}

std::string read_input(const std::string& what) {
  std::string text;
  std::array<char, 1024> piece;
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure_from_errno(FailureKind::internal, "cannot read standard input", errno);
    if (count == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > kLongestInput) throw Failure(FailureKind::internal, fmt::format("the {} is too long", what));
  }
  // `echo secret |` and files end with one; Windows' with two characters.
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

std::string read_secret(SecretSource source, const std::string& what) {
  std::string secret = source == SecretSource::terminal ? ask_on_terminal(what) : read_input(what);
  if (secret.empty()) throw Failure(FailureKind::internal, fmt::format("no {} came", what));
  return secret;
}

}  // namespace berth
