using System.CommandLine;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Cli;

/// <summary><c>embed</c>: compute what the cache lacks.</summary>
internal static class EmbedCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = new DataOptions();
        var embed = new EmbedOptions();
        var views = new ViewOptions();
        var output = new Option<string?>("--out") { Description = "also write the embeddings in data set order as .npy (float32, N x D), and path, label, split beside it as .csv; of --views each as NAME.view1.npy and so on" };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("embed", "Embed images: compute what the cache lacks, find the rest. A run that is interrupted goes on from where it was.");
        data.AddTo(command);
        embed.AddTo(command);
        views.AddTo(command, fits: true, answers: false);
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

            views.Check(parsed);
            var dataset = data.Open(parsed);
            using var cache = EmbeddingCache.Open(parsed.GetValue(embed.Cache)!);
            using var backbone = embed.Load(parsed);
            var run = embed.Run(parsed, terminal, backbone, dataset, cache, cancellation);
            var viewed = ViewedRun.Run(run, views.ToFit(parsed), Enum.GetValues<Split>(), (items, view) => embed.RunView(parsed, terminal, backbone, items, cache, view, cancellation));
            var report = JsonReport.Of(run, backbone.Description.Name);
            report["views"] = JsonReport.Of(viewed.Views);
            if (path is not null)
            {
                Write(run, path);
                report["out"] = path;
                foreach (var (i, view) in viewed.Views.Index())
                {
                    Write(view, Path.ChangeExtension(path, $".view{i + 1}.npy"));
                }
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(report);
            }
            else
            {
                terminal.Out.WriteLine($"{run.Items.Count} items embedded in {cache.Folder}{(viewed.Views.Count > 0 ? $", and {viewed.Views.Count} views of them" : "")}");
            }

            return ExitCode.Done;
        }

        void Write(EmbedRun run, string file)
        {
            var table = EmbeddingFiles.Write(run, file);
            terminal.Say($"wrote {file} ({run.Items.Count} x {run.Width}) and {table}");
        }
    }
}
