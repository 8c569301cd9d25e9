using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>What an ONNX file tells of itself as a backbone, and what it does not.</summary>
public sealed record ImportAnalysis
{
    /// <summary>The image input; height and width are 0 where the graph leaves them open and none were given.</summary>
    public required InputDescription Input { get; init; }

    /// <summary>float, float16 or double: what the input holds.</summary>
    public required ElementType ElementType { get; init; }

    /// <summary>From a decoded image to the input; null while something is <see cref="Missing"/>.</summary>
    public PreprocessingDescription? Preprocessing { get; init; }

    /// <summary>The taps, first layers first; none while the size is missing.</summary>
    public IReadOnlyList<TapDescription> Taps { get; init; } = [];

    /// <summary>Names of the taps that make the embedding: what the classifier sees, unless others were asked for.</summary>
    public IReadOnlyList<string> Embedding { get; init; } = [];

    /// <summary>Number of weights.</summary>
    public long Parameters { get; init; }

    /// <summary>Multiply-adds per image of the whole graph; 0 while the size is missing.</summary>
    public long Macs { get; init; }

    /// <summary>What was found, a sentence each.</summary>
    public required IReadOnlyList<string> Found { get; init; }

    /// <summary>What was assumed for want of knowledge, a sentence each; the settings that say otherwise are named.</summary>
    public required IReadOnlyList<string> Assumed { get; init; }

    /// <summary>The settings that must still be given: of Size, Mean and Std.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    internal BackboneDescription Describe(string name, string file, string sha256, ImportSettings settings) => new()
    {
        Name = name,
        File = file,
        Sha256 = sha256,
        Source = settings.Source,
        Licence = settings.Licence,
        Input = Input,
        Preprocessing = Preprocessing!,
        Taps = Taps,
        Embedding = Embedding,
        Parameters = Parameters,
        Macs = Macs,
    };
}
