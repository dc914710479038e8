#include "server/file_system_kind.h"

#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/failure.h"

namespace berth {

namespace {

struct NetworkFileSystem {
  unsigned long magic;  // statfs(2), f_type
  std::string_view name;
};

constexpr std::array<NetworkFileSystem, 9> kNetworkFileSystems{{
    {0x6969, "nfs"},
    {0xff534d42, "cifs"},
    {0xfe534d42, "smb2"},
    {0x517b, "smb"},
    {0x00c36400, "ceph"},
    {0x01021997, "9p"},
    {0x5346414f, "afs"},
    {0x013111a8, "ibrix"},
    {0x19830326, "fhgfs"},
}};

}  // namespace

std::optional<std::string> network_file_system_of(const std::string& directory) {
  struct statfs info {};
  if (::statfs(directory.c_str(), &info) != 0) throw failure_from_errno(FailureKind::storage, directory, errno);
  const auto magic = static_cast<unsigned long>(info.f_type) & 0xffffffffUL;
  for (const NetworkFileSystem& row : kNetworkFileSystems) {
    if (row.magic == magic) return std::string(row.name);
  }
  return std::nullopt;
}

}  // namespace berth
