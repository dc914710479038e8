// Distribution's drivers for object stores: their keys are known and checked, the drivers come later.
#include "server/settings.h"

namespace berth {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kGiB = 1024 * kMiB;

void describe_s3(SettingSection s3) {
  s3.value("accesskey", text(s3.own<std::string>()), "Access key; empty: AWS's default chain.", {.is_secret = true});
  s3.value("secretkey", text(s3.own<std::string>()), "Secret key.", {.is_secret = true});
  s3.value("region", text(s3.own<std::string>()), "Region; required unless `regionendpoint` is set.");
  s3.value("regionendpoint", text(s3.own<std::string>()), "Endpoint of a store that is not Amazon's.");
  s3.value("forcepathstyle", flag(s3.own<bool>()), "Bucket in the path, not in the host name.");
  s3.value("bucket", text(s3.own<std::string>()), "Bucket; required.");
  s3.value("encrypt", flag(s3.own<bool>()), "Server-side encryption.");
  s3.value("keyid", text(s3.own<std::string>()), "KMS key for it.");
  s3.value("secure", flag(s3.own<bool>(true)), "HTTPS to the endpoint.");
  s3.value("skipverify", flag(s3.own<bool>()), "Does not check the endpoint's certificate.");
  s3.value("v4auth", flag(s3.own<bool>(true)),
           "Signature version 4; version 2 only with an endpoint that is not Amazon's.");
  s3.value("chunksize", byte_count(s3.own<std::uint64_t>(10 * kMiB), 5 * kMiB, 5 * kGiB),
           "Part of a multipart upload.");
  s3.value("multipartcopychunksize", byte_count(s3.own<std::uint64_t>(32 * kMiB), 5 * kMiB, 5 * kGiB),
           "Part of a copy.");
  s3.value("multipartcopymaxconcurrency", number(s3.own<int>(100), 1), "Parts copied side by side.");
  s3.value("multipartcopythresholdsize", byte_count(s3.own<std::uint64_t>(32 * kMiB), 0, 5 * kGiB),
           "Larger objects are copied in parts.");
  s3.value("rootdirectory", text(s3.own<std::string>()), "Prefix of every object.");
  s3.value("storageclass",
           checked(text(s3.own<std::string>("STANDARD")),
                   check_one_of({"STANDARD", "REDUCED_REDUNDANCY", "NONE", "STANDARD_IA", "ONEZONE_IA",
                                 "INTELLIGENT_TIERING", "OUTPOSTS", "GLACIER_IR", "EXPRESS_ONEZONE"})),
           "Storage class; NONE sends none.");
  s3.value("useragent", text(s3.own<std::string>()), "User-Agent of requests to the store.");
  s3.value("objectacl", text(s3.own<std::string>("private")), "Canned ACL of objects.");
  s3.value("usedualstack", flag(s3.own<bool>()), "Endpoint with IPv6.");
  s3.value("accelerate", flag(s3.own<bool>()), "Transfer acceleration.");
  s3.value("usefipsendpoint", flag(s3.own<bool>()), "FIPS endpoint.");
  s3.value("loglevel",
           checked(text(s3.own<std::string>("off")),
                   check_one_of({"off", "debug", "debugwithsigning", "debugwithhttpbody", "debugwithrequestretries",
                                 "debugwithrequesterrors", "debugwitheventstreambody"})),
           "How much of the traffic is logged.");
  s3.value("redirectendpoint", text(s3.own<std::string>()), "Host put into presigned URLs.");
}

void describe_azure(SettingSection azure) {
  azure.value("accountname", text(azure.own<std::string>()), "Account; required.");
  azure.value("accountkey", text(azure.own<std::string>()), "Key for `shared_key`.", {.is_secret = true});
  azure.value("container", text(azure.own<std::string>()), "Container; required.");
  azure.value("realm", text(azure.own<std::string>("core.windows.net")), "Domain of the endpoint.");
  azure.value("rootdirectory", text(azure.own<std::string>()), "Prefix of every blob.");
  azure.value("serviceurl", text(azure.own<std::string>()), "Endpoint; empty: made from account and realm.");
  azure.value("connectionstring", text(azure.own<std::string>()), "Read, not used.", {.is_secret = true});
  SettingSection credentials = azure.section("credentials", "How to log in.");
  credentials.value("type",
                    checked(text(credentials.own<std::string>()),
                            check_one_of({"client_secret", "shared_key", "default_credentials"})),
                    "`client_secret`, `shared_key` or `default_credentials`.");
  credentials.value("clientid", text(credentials.own<std::string>()), "For `client_secret`.");
  credentials.value("tenantid", text(credentials.own<std::string>()), "For `client_secret`.");
  credentials.value("secret", text(credentials.own<std::string>()), "For `client_secret`.", {.is_secret = true});
  azure.value("max_retries", number(azure.own<int>(5)), "Attempts after a failure.");
  azure.value("retry_delay", duration(azure.own<std::chrono::nanoseconds>(std::chrono::milliseconds(100))),
              "Between attempts.");
  azure.value("skipverify", flag(azure.own<bool>()), "Does not check the endpoint's certificate.");
}

std::optional<std::string> check_gcs_chunk(const std::string& text) {
  const auto bytes = parse_yaml_integer(text);
  if (bytes && *bytes > 0 && *bytes % (256 * 1024) == 0) return std::nullopt;
  return "\"" + text + "\" is not a multiple of 262144 bytes";
}

void describe_gcs(SettingSection gcs) {
  gcs.value("bucket", text(gcs.own<std::string>()), "Bucket; required.");
  gcs.value("keyfile", text(gcs.own<std::string>()), "File with the service account's key.");
  gcs.value("credentials", any_value(gcs.own<ConfigValue>()), "The key itself.", {.is_secret = true});
  gcs.value("rootdirectory", text(gcs.own<std::string>()), "Prefix of every object.");
  gcs.value("chunksize", checked(number(gcs.own<std::int64_t>(16 * 1024 * 1024)), check_gcs_chunk),
            "Part of an upload, a multiple of 256 KiB.");
  gcs.value("maxconcurrency", number(gcs.own<int>(50)), "Operations side by side.");
  gcs.value("useragent", text(gcs.own<std::string>()), "User-Agent of requests to the store.");
}

/// Drivers that Distribution 3 no longer has; their keys are not looked at.
void describe_removed(SettingSection storage, const char* name) {
  SettingSection section =
      storage.section(name, "A driver of Distribution 2 that version 3 has removed.",
                      {.status = SettingStatus::not_built_yet, .is_alternative = true, .is_open = true});
  section.value("rootdirectory", text(section.own<std::string>()), "Prefix of every object.");
}

}  // namespace

void describe_storage_drivers(SettingSection storage) {
  const auto driver = [&storage](const char* name, const char* help) {
    return storage.section(name, help,
                           {.status = SettingStatus::not_built_yet, .reason = "object stores", .is_alternative = true});
  };
  describe_s3(driver("s3", "Content in Amazon S3 or a store that speaks its protocol."));
  describe_s3(driver("s3aws", "Another name of `s3`."));
  describe_azure(driver("azure", "Content in Azure Blob Storage."));
  describe_gcs(driver("gcs", "Content in Google Cloud Storage."));
  describe_removed(storage, "swift");
  describe_removed(storage, "oss");
}

}  // namespace berth
