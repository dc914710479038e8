// Listening sockets: TCP, unix, or handed in by the service manager.
#pragma once

#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "http/server.h"

namespace berth::http {

/// A socket that listens. Lifetime: closes it, and removes the path of a unix socket that it made.
class BoundListener {
 public:
  /// Throws Failure(internal) with one line: "cannot listen on 127.0.0.1:5000: Address already in use".
  /// A unix socket's file that nobody listens on any more is removed first; a live one is "Address already in use".
  static BoundListener open(const ListenAddress& address);

  BoundListener(BoundListener&& other) noexcept;
  BoundListener& operator=(BoundListener&& other) = delete;
  ~BoundListener();

  int fd() const { return socket_.get(); }
  int family() const { return family_; }
  /// What was really bound: "127.0.0.1:43217", "[::]:5000", or a path.
  const std::string& address() const { return address_; }
  /// The descriptor goes to the caller; the path stays this object's to remove.
  UniqueFd take_socket() { return std::move(socket_); }
  /// Removes the unix socket's file, if it is ours.
  void remove_path();

 private:
  BoundListener(UniqueFd socket, std::string address, std::string own_path);

  UniqueFd socket_;
  int family_ = 0;
  std::string address_;
  std::string own_path_;  ///< of the unix socket's file; empty if there is none to remove
};

/// "127.0.0.1:80", "[::1]:80" (an IPv4-mapped address as IPv4), the path of a unix socket or "unix" if it has none.
std::string address_text(const void* socket_address, std::size_t size);

}  // namespace berth::http
