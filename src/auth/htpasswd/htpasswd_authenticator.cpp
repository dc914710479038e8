#include "auth/htpasswd/htpasswd_authenticator.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include "auth/htpasswd/bcrypt.h"
#include "base/failure.h"
#include "base/hex.h"
#include "base/unique_fd.h"
#include "content/digest.h"

namespace berth {
namespace {

constexpr std::size_t kLargestFile = 64 * 1024 * 1024;
constexpr int kGeneratedCost = 10;
/// Clocks of files move in ticks: a write this close to the reading can have left the same time.
constexpr std::int64_t kTickSeconds = 2;

Failure failure(const std::string& what, int error) {
  return failure_from_errno(FailureKind::internal, what, error);
}

std::string read_whole(const UniqueFd& file, const std::string& path) {
  std::string text;
  std::array<char, 64 * 1024> piece{};
  for (;;) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure("cannot read " + path, errno);
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > kLargestFile)
      throw Failure(FailureKind::internal, path + " is too large for a file of passwords");
  }
}

std::string random_text(Entropy& entropy) {
  std::array<std::byte, 24> bytes{};
  entropy.fill(bytes);
  return to_hex(bytes);
}

std::shared_ptr<const Identity> identity_of(std::string name) {
  return std::make_shared<const Identity>(
      Identity{.kind = IdentityKind::user, .name = std::move(name), .proof = Proof::password, .can_refresh = true});
}

}  // namespace

HtpasswdAuthenticator::HtpasswdAuthenticator(std::string path, BlockingPool& passwords, CredentialCache& cache,
                                             Entropy& entropy, Log& log, Metrics& metrics)
    : path_(std::move(path)),
      passwords_(passwords),
      cache_(cache),
      log_(log),
      checks_(
          metrics.counter("berth_password_checks_total", "Passwords that were computed.", {{"store", "htpasswd"}})) {
  if (::access(path_.c_str(), F_OK) != 0 && errno == ENOENT) make_file_blocking(entropy);
  read_blocking();
}

void HtpasswdAuthenticator::make_file_blocking(Entropy& entropy) const {
  const std::string password = random_text(entropy);
  const std::string line = "docker:" + make_bcrypt_blocking(password, kGeneratedCost, entropy) + "\n";
  std::error_code error;
  if (const auto directory = std::filesystem::path(path_).parent_path(); !directory.empty()) {
    std::filesystem::create_directories(directory, error);
  }
  if (error) throw failure("cannot make the directory of " + path_, error.value());
  const UniqueFd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) throw failure("cannot make " + path_, errno);
  if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw failure("cannot write " + path_, errno);
  }
  log_.warn("htpasswd is missing, provisioning with default user",
            {{"file", path_}, {"user", "docker"}, {"password", password}});
}

void HtpasswdAuthenticator::read_blocking() {
  const UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) throw failure("cannot read " + path_, errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) throw failure("cannot look at " + path_, errno);
  auto users = std::make_shared<Users>();
  users->file = HtpasswdFile::parse(read_whole(file, path_));
  stamp_ = {info.st_ino, info.st_size, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
  is_settled_ = ::time(nullptr) > info.st_ctim.tv_sec + kTickSeconds;
  is_missing_ = false;
  // Any salt will do, as long as nobody has the password of it.
  users->nobody = fmt::format("$2y${:02}$abcdefghijklmnopqrstuu{}", users->file.highest_cost, std::string(31, '.'));
  for (const HtpasswdProblem& problem : users->file.problems) {
    log_.warn("a line of the password file is refused",
              {{"file", fmt::format("{}:{}", path_, problem.line)}, {"reason", problem.reason}});
  }
  const std::lock_guard lock(mutex_);
  users_ = std::move(users);
}

void HtpasswdAuthenticator::look_again_blocking() {
  const std::lock_guard lock(reading_);
  struct stat info{};
  if (::stat(path_.c_str(), &info) != 0) {
    if (!std::exchange(is_missing_, true)) {
      log_.error("the password file is gone, its users stay as they were", {{"file", path_}});
    }
    return;
  }
  const Stamp now{info.st_ino, info.st_size, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
  if (now == stamp_ && is_settled_) return;
  const std::shared_ptr<const Users> before = users();
  try {
    read_blocking();
  } catch (const Failure& error) {
    stamp_ = now;  // said once
    log_.error("the password file cannot be read, its users stay as they were", {{"error", error.what()}});
    return;
  }
  if (before->file.hashes == users()->file.hashes) return;
  cache_.forget_all();
  log_.info("the password file has changed", {{"file", path_}, {"users", users()->file.hashes.size()}});
}

Task<> HtpasswdAuthenticator::look_again() {
  co_await run_blocking(passwords_, [this] { look_again_blocking(); });
}

bool HtpasswdAuthenticator::check_blocking(const BasicCredentials& credentials, bool& is_known) {
  look_again_blocking();
  const std::shared_ptr<const Users> users = this->users();
  const auto found = users->file.hashes.find(credentials.user);
  is_known = found != users->file.hashes.end();
  checks_.add();
  return is_bcrypt_password_blocking(credentials.password, is_known ? found->second : users->nobody) && is_known;
}

Task<Authentication> HtpasswdAuthenticator::authenticate(Credentials credentials) {
  const auto* basic = std::get_if<BasicCredentials>(&credentials.what);
  if (basic == nullptr) co_return Authentication::not_mine();
  bool is_known = false;
  const bool is_right =
      co_await run_blocking(passwords_, [this, basic, &is_known] { return check_blocking(*basic, is_known); });
  if (is_right) co_return Authentication::accept(identity_of(basic->user));
  if (!is_known) co_return Authentication::not_mine();
  co_return Authentication::refuse("the password is wrong");
}

Task<std::optional<KnownUser>> HtpasswdAuthenticator::find_user(std::string name) {
  const std::shared_ptr<const Users> users = this->users();
  const auto found = users->file.hashes.find(name);
  if (found == users->file.hashes.end()) co_return std::nullopt;
  co_return KnownUser{.identity = identity_of(std::move(name)),
                      .stamp = digest_of(HashAlgorithm::sha256, found->second).to_string()};
}

std::shared_ptr<const HtpasswdAuthenticator::Users> HtpasswdAuthenticator::users() const {
  const std::lock_guard lock(mutex_);
  return users_;
}

}  // namespace berth
