#include "auth/token/signing_keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "auth/token/openssl_ptr.h"
#include "base/failure.h"
#include "base/unique_fd.h"
#include "content/json_document.h"

namespace berth {
namespace {

Failure failure(const std::string& what, int error) {
  return failure_from_errno(FailureKind::internal, what, error);
}

std::shared_ptr<const SigningKey> adopt(EVP_PKEY* raw, WallTime created, const std::string& where) {
  if (raw == nullptr) throw Failure(FailureKind::internal, where + ": " + openssl_reason());
  auto key = PublicKey::adopt(raw);
  if (!key || key->type() != KeyType::p256) {
    throw Failure(FailureKind::internal, where + ": a key for signing tokens is on P-256");
  }
  std::string id = key->thumbprint();
  return std::make_shared<const SigningKey>(SigningKey{created, std::move(id), std::move(*key)});
}

std::shared_ptr<const SigningKey> make_key(WallTime now) {
  return adopt(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), now, "cannot make a key for signing tokens");
}

std::string private_pem(const SigningKey& key) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(out.get(), key.key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    throw Failure(FailureKind::internal, "cannot write a key for signing tokens: " + openssl_reason());
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

EVP_PKEY* read_private_pem(std::string_view pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr);
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string set_of(const std::vector<std::shared_ptr<const SigningKey>>& keys) {
  std::string set = R"({"keys":[)";
  for (const auto& key : keys) {
    if (set.back() != '[') set += ',';
    std::string jwk = key->key.canonical_jwk();
    jwk.pop_back();
    set += jwk + R"(,"kid":")" + key->id + R"(","alg":"ES256","use":"sig"})";
  }
  return set + "]}";
}

void sync_directory(const std::string& file) {
  const std::string directory = file.substr(0, file.rfind('/'));
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || ::fsync(fd.get()) != 0) throw failure("cannot sync " + directory, errno);
}

}  // namespace

KeyPlan plan_keys(const std::vector<WallTime>& created, const KeyRotation& rotation, WallTime now) {
  KeyPlan plan;
  // A key is done with when everything is that it signed before the next took over.
  while (plan.retired + 1 < created.size()) {
    const WallTime next_signs = created[plan.retired + 1] + rotation.lead;
    if (next_signs + rotation.longest_lifetime > now) break;
    ++plan.retired;
  }
  plan.needs_new = created.empty() || created.back() + rotation.interval <= now;
  // The latest whose time has come; without such the first, so that a first start need not wait.
  for (std::size_t i = plan.retired; i < created.size(); ++i) {
    if (created[i] + rotation.lead <= now) plan.signer = i - plan.retired;
  }
  return plan;
}

SigningKeys::SigningKeys(std::string file, KeyRotation rotation, const Clock& clock)
    : file_(std::move(file)), rotation_(rotation), clock_(clock), keys_(std::make_shared<const Keys>(read_blocking())) {
  rotate_blocking();
}

bool SigningKeys::rotate_blocking() {
  const std::lock_guard lock(rotating_);
  std::vector<std::shared_ptr<const SigningKey>> all = keys()->all;
  const WallTime now = clock_.now();
  std::vector<WallTime> created;
  for (const auto& key : all) created.push_back(key->created);
  const KeyPlan plan = plan_keys(created, rotation_, now);
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(plan.retired));
  if (plan.needs_new) all.push_back(make_key(now));
  const bool has_changed = plan.retired > 0 || plan.needs_new;
  if (has_changed) write_blocking(all);

  auto next = std::make_shared<Keys>();
  next->signer = plan.signer;
  next->key_set = set_of(all);
  next->trusted = TrustedKeys::load({.jwks_text = next->key_set, .jwks_name = "keys of our own"});
  next->all = std::move(all);
  const std::lock_guard swap(mutex_);
  keys_ = std::move(next);
  return has_changed;
}

std::vector<std::shared_ptr<const SigningKey>> SigningKeys::read_blocking() const {
  std::vector<std::shared_ptr<const SigningKey>> keys;
  if (file_.empty()) return keys;
  struct stat info{};
  if (::stat(file_.c_str(), &info) != 0) {
    if (errno == ENOENT) return keys;
    throw failure("cannot look at " + file_, errno);
  }
  std::ifstream in(file_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const Result<JsonDocument> document = JsonDocument::parse(text);
  const auto list = document ? document->root().find("keys") : std::nullopt;
  if (!list || list->kind() != JsonKind::array) {
    throw Failure(FailureKind::internal, file_ + " is damaged; without it new keys are made, and tokens end");
  }
  for (auto item = list->first_child(); item; item = item->next_sibling()) {
    const auto created = item->find("created");
    const auto pem = item->find("private");
    const auto seconds = created ? created->as_whole_number() : std::nullopt;
    const auto key = pem ? pem->as_string() : std::nullopt;
    if (!seconds || !key) throw Failure(FailureKind::internal, file_ + " is damaged: a key without its parts");
    keys.push_back(adopt(read_private_pem(*key), WallTime(std::chrono::seconds(*seconds)), file_));
  }
  std::ranges::sort(keys, {}, [](const auto& key) { return key->created; });
  return keys;
}

void SigningKeys::write_blocking(const std::vector<std::shared_ptr<const SigningKey>>& keys) const {
  if (file_.empty()) return;
  boost::json::array list;
  for (const auto& key : keys) {
    list.push_back(boost::json::object{{"created", seconds_of(key->created)}, {"private", private_pem(*key)}});
  }
  const std::string text = boost::json::serialize(boost::json::object{{"keys", std::move(list)}}) + "\n";
  const std::string fresh = file_ + ".new";
  ::unlink(fresh.c_str());
  {
    const UniqueFd out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!out.is_open()) throw failure("cannot make " + fresh, errno);
    if (::write(out.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::fsync(out.get()) != 0) {
      throw failure("cannot write " + fresh, errno);
    }
  }
  if (::rename(fresh.c_str(), file_.c_str()) != 0) throw failure("cannot replace " + file_, errno);
  sync_directory(file_);
}

std::shared_ptr<const SigningKey> SigningKeys::signer() const {
  const std::shared_ptr<const Keys> keys = this->keys();
  return keys->all.at(keys->signer);
}

std::shared_ptr<const TrustedKeys> SigningKeys::trusted() const {
  return keys()->trusted;
}

std::string SigningKeys::key_set() const {
  return keys()->key_set;
}

std::shared_ptr<const SigningKeys::Keys> SigningKeys::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

}  // namespace berth
