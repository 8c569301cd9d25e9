using System.CommandLine;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Cli;

/// <summary><c>models</c>: which backbones there are and what they are made of.</summary>
internal static class ModelsCommand
{
    public static Command Create(Terminal terminal) => new("models", "Backbones: what there is, and what a file holds")
    {
        ModelsList.Create(terminal),
        ModelsInspect.Create(terminal),
        ModelsExport.Create(terminal),
        ModelsCheck.Create(terminal),
    };

    public static string State(CatalogueEntry entry) => entry.Verify().ToString().ToLowerInvariant();

    public static string Input(BackboneDescription about) => $"{about.Input.Height}x{about.Input.Width} {about.Input.Channels}";
}
