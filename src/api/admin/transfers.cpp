// /api/v1/imports, /api/v1/layouts and /api/v1/transfers
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"
#include "content/reference.h"

namespace berth::admin {
namespace {

constexpr std::uint64_t kMostParallel = 64;

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "nothing is brought in or taken out here");
}

/// Who may read and write files of the machine is who may log in there.
std::unexpected<Error> for_operators() {
  return refuse(ErrorCode::denied, "files of the server's machine are for its operator: the command berth, there");
}

boost::json::object json_of(const TransferView& view) {
  boost::json::array failures;
  for (const std::string& what : view.failures) failures.emplace_back(what);
  const ImportReport& report = view.report;
  return {{"run", view.run},
          {"running", view.is_running},
          {"failure", view.failure},
          {"repositories", report.repositories},
          {"repositories_total", view.repositories_total},
          {"tags", report.tags},
          {"manifests", report.manifests},
          {"known_manifests", report.known},
          {"blobs", report.blobs},
          {"bytes", report.bytes},
          {"failures_total", report.failures},
          {"first", view.first},
          {"failures", std::move(failures)}};
}

void read_tags(RequestFields& fields, ImportOrder& order) {
  for (const std::string& text : fields.texts("tags")) {
    Result<Tag> tag = Tag::parse(text);
    if (tag) {
      order.tags.push_back(*std::move(tag));
    } else {
      fields.refuse_field("tags", tag.error().message);
    }
  }
  if (const auto text = fields.optional_text("as_tag")) {
    Result<Tag> tag = Tag::parse(*text);
    if (tag) {
      order.as_tag = *std::move(tag);
    } else {
      fields.refuse_field("as_tag", tag.error().message);
    }
  }
}

void read_place(RequestFields& fields, ImportOrder& order) {
  const std::optional<std::string> layout = fields.optional_text("layout");
  const std::optional<std::string> backup = fields.optional_text("backup");
  const std::optional<std::string> at = fields.optional_text("at");
  const std::optional<std::string> registry = fields.optional_text("registry");
  const std::optional<std::string> user = fields.optional_text("user");
  const std::optional<std::string> password = fields.optional_text("password");
  const std::optional<std::string> ca_file = fields.optional_text("ca_file");
  const bool is_insecure = fields.optional_flag("insecure").value_or(false);
  if (layout.has_value() + backup.has_value() + registry.has_value() != 1) {
    fields.refuse_field("layout", "or backup, or registry: exactly one says where the images are");
  } else if (layout) {
    order.from = LayoutPlace{.directory = *layout};
  } else if (backup) {
    order.from = BackupPlace{.directory = *backup, .name = at};
  } else {
    const std::optional<Url> base = Url::parse(*registry);
    if (!base || base->target != "/") {
      fields.refuse_field("registry", "is not the address of a registry (like https://registry.example)");
    } else {
      order.from = RemoteRegistryOptions{.base = *base,
                                         .user = user.value_or(""),
                                         .password = password.value_or(""),
                                         .ca_file = ca_file.value_or(""),
                                         .is_verifying = !is_insecure};
    }
  }
}

Result<ExportOrder::Image> read_image(const std::string& text) {
  const std::size_t at = text.find('@');
  const std::size_t colon = text.rfind(':');
  const std::size_t end = at != std::string::npos ? at : colon;
  if (end == std::string::npos || (at == std::string::npos && text.find('/', colon) != std::string::npos)) {
    return refuse(ErrorCode::request_invalid, fmt::format("images: \"{}\" is neither NAME:TAG nor NAME@DIGEST", text));
  }
  Result<RepositoryName> repository = RepositoryName::parse(text.substr(0, end));
  if (!repository) return std::unexpected(repository.error());
  Result<Reference> reference = parse_reference(text.substr(end + 1));
  if (!reference) return std::unexpected(reference.error());
  return ExportOrder::Image{.repository = *std::move(repository), .reference = *std::move(reference), .name = text};
}

}  // namespace

Task<Answer> post_import(const AdminParts& admin, Exchange& exchange) {
  if (admin.transfers == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  ImportOrder order{.from = LayoutPlace{}};
  read_place(fields, order);
  read_tags(fields, order);
  order.pattern = fields.optional_text("repositories").value_or("");
  order.prefix = fields.optional_text("prefix").value_or("");
  if (const auto name = fields.optional_text("to")) {
    Result<RepositoryName> to = RepositoryName::parse(*name);
    if (to) {
      order.to = *std::move(to);
    } else {
      fields.refuse_field("to", to.error().message);
    }
  }
  order.with_referrers = fields.optional_flag("referrers").value_or(true);
  order.keeps_tags = fields.optional_flag("keep_tags").value_or(false);
  order.parallel = static_cast<std::size_t>(
      std::clamp<std::uint64_t>(fields.optional_number("parallel").value_or(4), 1, kMostParallel));
  order.who = author_of(exchange);
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const auto* registry = std::get_if<RemoteRegistryOptions>(&order.from);
  const bool reads_files = registry == nullptr || !registry->ca_file.empty();
  if (reads_files && !exchange.is_operator) co_return for_operators();
  const Result<std::uint64_t> run = admin.transfers->start(std::move(order));
  if (!run) co_return std::unexpected(run.error());
  co_return json_response(202, {{"run", *run}});
}

Task<Answer> post_layout(const AdminParts& admin, Exchange& exchange) {
  if (admin.transfers == nullptr) co_return nothing_here();
  if (!exchange.is_operator) co_return for_operators();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  ExportOrder order{.directory = fields.text("directory"), .images = {}};
  for (const std::string& text : fields.texts("images")) {
    Result<ExportOrder::Image> image = read_image(text);
    if (image) {
      order.images.push_back(*std::move(image));
    } else {
      fields.refuse_field("images", image.error().message);
    }
  }
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<std::uint64_t> run = admin.transfers->start(std::move(order));
  if (!run) co_return std::unexpected(run.error());
  co_return json_response(202, {{"run", *run}});
}

Task<Answer> get_transfer(const AdminParts& admin, Exchange& exchange) {
  if (admin.transfers == nullptr) co_return nothing_here();
  const Result<std::uint64_t> run = read_number(exchange.parameter, "run");
  if (!run) co_return std::unexpected(run.error());
  const auto asked = exchange.request.query.find("from");
  const Result<std::uint64_t> from = read_number(asked ? *asked : "0", "from");
  if (!from) co_return std::unexpected(from.error());
  const std::optional<TransferView> view = admin.transfers->look(*run, *from);
  if (!view) co_return refuse(ErrorCode::not_found, "there is no such transfer", {exchange.parameter});
  co_return json_response(200, json_of(*view));
}

}  // namespace berth::admin
