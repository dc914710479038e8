#include "http/tls_peer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <string>

namespace berth::http {
namespace {

/// Empty if it cannot be a name: "alice\0.example.com" is nobody's.
std::string name_in(const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  const bool is_name =
      std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  return is_name ? name : std::string();
}

std::string common_name(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  // Two programs would choose differently between two.
  if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return {};
  return name_in(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
}

void add(std::vector<std::string>& names, const ASN1_STRING* text) {
  if (std::string name = name_in(text); !name.empty()) names.push_back(std::move(name));
}

void read_alternative_names(const X509* certificate, PeerCertificate& peer) {
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) add(peer.dns_names, name->d.dNSName);
    if (name->type == GEN_EMAIL) add(peer.email_addresses, name->d.rfc822Name);
    if (name->type == GEN_URI) add(peer.uris, name->d.uniformResourceIdentifier);
  }
  GENERAL_NAMES_free(names);
}

}  // namespace

std::shared_ptr<const PeerCertificate> verified_peer(const ssl_st* connection) {
  const X509* certificate = SSL_get0_peer_certificate(connection);
  // Where any certificate is let in (clientauth: request-client-cert) the result still says what is wrong with it.
  if (certificate == nullptr || SSL_get_verify_result(connection) != X509_V_OK) return nullptr;
  auto peer = std::make_shared<PeerCertificate>();
  peer->common_name = common_name(certificate);
  read_alternative_names(certificate, *peer);
  ERR_clear_error();
  return peer;
}

}  // namespace berth::http
