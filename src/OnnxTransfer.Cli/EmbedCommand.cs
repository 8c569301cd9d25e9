using System.CommandLine;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Cli;

/// <summary><c>embed</c>: compute what the cache lacks.</summary>
internal static class EmbedCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = new DataOptions();
        var embed = new EmbedOptions();
        var output = new Option<string?>("--out") { Description = "also write the embeddings in data set order as .npy (float32, N x D), and path, label, split beside it as .csv" };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("embed", "Embed images: compute what the cache lacks, find the rest. A run that is interrupted goes on from where it was.");
        data.AddTo(command);
        embed.AddTo(command);
        command.Options.Add(output);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), CancellationToken.None));
        return command;

        int Run(ParseResult parsed, CancellationToken cancellation)
        {
            var path = parsed.GetValue(output);
            if (path is not null && !path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
            {
                throw new UsageException($"--out {path}: expected a name that ends in .npy");
            }

            if (path is not null)
            {
                DataOptions.NeedFolder(output, path);
            }

            var dataset = data.Open(parsed);
            using var cache = EmbeddingCache.Open(parsed.GetValue(embed.Cache)!);
            using var backbone = embed.Load(parsed);
            var run = embed.Run(parsed, terminal, backbone, dataset, cache, cancellation);
            var report = JsonReport.Of(run, backbone.Description.Name);
            if (path is not null)
            {
                var table = EmbeddingFiles.Write(run, path);
                terminal.Say($"wrote {path} ({run.Items.Count} x {run.Width}) and {table}");
                report["out"] = path;
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(report);
            }
            else
            {
                terminal.Out.WriteLine($"{run.Items.Count} items embedded in {cache.Folder}");
            }

            return ExitCode.Done;
        }
    }
}
