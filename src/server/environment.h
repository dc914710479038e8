// REGISTRY_* variables: Distribution's way to set any key without touching the file.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/config_value.h"
#include "base/setting.h"
#include "base/setting_loader.h"

namespace berth {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// The process's variables that begin with REGISTRY_.
Environment registry_environment();

/// REGISTRY_CONFIGURATION_PATH, if it is set to something.
std::optional<std::string> configuration_path_from_environment();

/// Writes the variables into `tree`, in the order of their names. A name is REGISTRY_ and the path in capitals, joined
/// by
/// "_"; where Distribution's field names differ from its keys both spellings work. Values are YAML; a string that is
/// not a YAML scalar is taken as it stands. Elements of lists are set by index, the one after the last appends.
/// NAME_FILE reads a string from a file. Variables that name no setting are reported as warnings.
void overlay_environment(const SettingNode& root, Environment variables, ConfigValue& tree, SettingReport& report);

/// "REGISTRY_HTTP_TLS_CERTIFICATE" for "http.tls.certificate"; list elements as "_0_".
std::string variable_name(const SettingNode& node);

}  // namespace berth
