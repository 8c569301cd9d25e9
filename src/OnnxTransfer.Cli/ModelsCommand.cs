using System.CommandLine;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Cli;

/// <summary><c>models</c>: which backbones there are and what they are made of.</summary>
internal static class ModelsCommand
{
    public static Command Create(Terminal terminal) => new("models", "Backbones: what there is, what a file holds, and making them: export, import, pretrain, quantize")
    {
        ModelsList.Create(terminal),
        ModelsInspect.Create(terminal),
        ModelsExport.Create(terminal),
        ModelsCheck.Create(terminal),
        ModelsImport.Create(terminal),
        ModelsPretrain.Create(terminal),
        ModelsQuantize.Create(terminal),
    };

    // Below this, hashing takes no time a person would notice.
    private const long Large = 100_000_000;

    /// <summary>Whether the file is there and the one described; says when that takes a while.</summary>
    public static string State(Terminal terminal, CatalogueEntry entry)
    {
        if (entry.Description.Sha256.Length > 0 && new FileInfo(entry.ModelPath) is { Exists: true, Length: > Large and var bytes })
        {
            terminal.Say($"hashing {entry.ModelPath} ({bytes / 1e6:0} MB)");
        }

        return entry.Verify() switch
        {
            FileState.HashMismatch => "hash mismatch",
            var state => state.ToString().ToLowerInvariant(),
        };
    }

    public static string Input(BackboneDescription about) => $"{about.Input.Height}x{about.Input.Width} {about.Input.Channels.ToString().ToUpperInvariant()}";
}
