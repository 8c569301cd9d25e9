using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxTransfer.Embeddings;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary><c>cache</c>: what a folder of embeddings holds, whether it is sound, and what can go.</summary>
internal static class CacheCommand
{
    public static Command Create(Terminal terminal) => new("cache", "Look after a folder of embeddings")
    {
        Info(terminal),
        Verify(terminal),
        Prune(terminal),
    };

    private static Command Info(Terminal terminal)
    {
        var (folder, json) = (Folder(), Json());
        var command = new Command("info", "Tell what a cache holds, space by space") { folder, json };
        command.SetAction(parsed =>
        {
            using var cache = EmbeddingCache.OpenExisting(parsed.GetValue(folder)!);
            var spaces = cache.Spaces();
            var bytes = spaces.ToDictionary(space => space, space => SizeOf(space.Folder));
            var checkpoints = CachePruner.Checkpoints(cache.Folder).Select(path => new FileInfo(path)).ToArray();
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonObject
                {
                    ["folder"] = cache.Folder,
                    ["embeddings"] = spaces.Sum(space => (long)space.Count),
                    ["bytes"] = bytes.Values.Sum(),
                    ["spaces"] = new JsonArray([.. spaces.Select(space => new JsonObject
                    {
                        ["id"] = space.Identity.Id(),
                        ["backbone"] = space.Identity.Backbone,
                        ["backboneSha256"] = space.Identity.BackboneSha256,
                        ["tap"] = space.Identity.Tap,
                        ["preprocessing"] = space.Identity.Preprocessing,
                        ["decoder"] = space.Identity.Decoder,
                        ["precision"] = space.Identity.Precision,
                        ["width"] = space.Identity.Width,
                        ["embeddings"] = space.Count,
                        ["bytes"] = bytes[space],
                    })]),
                    ["checkpoints"] = new JsonArray([.. checkpoints.Select(file => new JsonObject { ["file"] = file.FullName, ["bytes"] = file.Length })]),
                });
                return ExitCode.Done;
            }

            var table = new Table().AddColumns("space", "backbone", "tap", "preprocessing", "decoder", "precision", "width", "embeddings", "MB");
            foreach (var space in spaces)
            {
                var identity = space.Identity;
                table.AddRow(new[]
                {
                    identity.Id()[..8], identity.Backbone, identity.Tap, identity.Preprocessing, identity.Decoder, identity.Precision, $"{identity.Width}", $"{space.Count}", $"{bytes[space] / 1e6:0.0}",
                }.Select(Markup.Escape).ToArray());
            }

            terminal.Write(table);
            if (checkpoints.Length > 0)
            {
                terminal.Out.WriteLine($"{checkpoints.Length} checkpoints, {checkpoints.Sum(file => file.Length) / 1e6:0.0} MB, of trainings that were interrupted: the same commands go on from them; 'cache prune --checkpoints' removes them");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command Verify(Terminal terminal)
    {
        var (folder, json) = (Folder(), Json());
        var command = new Command("verify", "Read a whole cache and compare it with its records; exit code 0 only if it is sound") { folder, json };
        command.SetAction((parsed, cancellation) =>
        {
            var found = CacheVerifier.Verify(parsed.GetValue(folder)!, cancellation);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonObject
                {
                    ["sound"] = found.IsSound,
                    ["parts"] = found.Parts,
                    ["embeddings"] = found.Embeddings,
                    ["faults"] = new JsonArray([.. found.Faults.Select(fault => JsonValue.Create(fault))]),
                    ["leftovers"] = new JsonArray([.. found.Leftovers.Select(path => JsonValue.Create(path))]),
                });
            }
            else
            {
                foreach (var fault in found.Faults)
                {
                    terminal.Out.WriteLine($"fault: {fault}");
                }

                terminal.Out.WriteLine($"{found.Embeddings} embeddings in {found.Parts} parts: {(found.IsSound ? "sound" : $"{found.Faults.Count} faults; 'cache prune --damaged' removes the damaged parts")}");
                terminal.Out.WriteLine($"{found.Leftovers.Count} files left over by runs that were killed{(found.Leftovers.Count > 0 ? " (harmless; 'cache prune' removes them)" : "")}");
            }

            return Task.FromResult(found.IsSound ? ExitCode.Done : ExitCode.FailedWork);
        });
        return command;
    }

    private static Command Prune(Terminal terminal)
    {
        var (folder, json) = (Folder(), Json());
        var damaged = new Option<bool>("--damaged") { Description = "also remove parts that do not verify; their images will be embedded again" };
        var spaces = new Option<string[]>("--space") { Description = "also remove the space whose id begins with this (may be given again)", DefaultValueFactory = _ => [] };
        var checkpoints = new Option<bool>("--checkpoints") { Description = "also remove what interrupted trainings would go on from" };
        var command = new Command("prune", "Remove what killed runs left over, and on request damaged parts, whole spaces and checkpoints; not while other runs use the cache") { folder, damaged, spaces, checkpoints, json };
        command.SetAction(parsed =>
        {
            var pruned = CachePruner.Prune(parsed.GetValue(folder)!, parsed.GetValue(damaged), parsed.GetValue(spaces)!, parsed.GetValue(checkpoints));
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonObject
                {
                    ["files"] = pruned.Files,
                    ["bytes"] = pruned.Bytes,
                    ["spaces"] = pruned.Spaces,
                    ["damagedParts"] = pruned.DamagedParts,
                });
            }
            else
            {
                terminal.Out.WriteLine($"removed {pruned.Files} files ({pruned.Bytes / 1e6:0.0} MB), {pruned.Spaces} spaces, {pruned.DamagedParts} damaged parts");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> Folder() => new("cache") { Description = "the cache's folder", DefaultValueFactory = _ => EmbedOptions.DefaultCache };

    private static Option<bool> Json() => new("--json") { Description = "print one JSON object" };

    private static long SizeOf(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
