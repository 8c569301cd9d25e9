namespace OnnxTransfer.Backbones;

/// <summary>
/// A backbone as data: a JSON file beside an ONNX file says what the network wants and where it can be tapped.
/// </summary>
public sealed record BackboneDescription
{
    /// <summary>The version of the file format this library reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>What users call it, such as resnet14-cifar10.</summary>
    public required string Name { get; init; }

    /// <summary>Kind of network: resnet, vgg; empty where not said.</summary>
    public string Family { get; init; } = "";

    /// <summary>Name of the ONNX file, beside the description or in another folder of the catalogue.</summary>
    public required string File { get; init; }

    /// <summary>SHA-256 of the ONNX file, 64 lower-case hexadecimal digits; empty where nobody has computed it yet.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>The command, or in words the way, to get the ONNX file; empty where not said.</summary>
    public string Obtain { get; init; } = "";

    /// <summary>Where the weights come from.</summary>
    public string Source { get; init; } = "";

    /// <summary>Licence of the weights.</summary>
    public string Licence { get; init; } = "";

    /// <summary>Arithmetic of the graph where it is not that of its floats: int8; empty otherwise.</summary>
    public string Precision { get; init; } = "";

    /// <summary>The network's input.</summary>
    public required InputDescription Input { get; init; }

    /// <summary>From a decoded image to that input.</summary>
    public required PreprocessingDescription Preprocessing { get; init; }

    /// <summary>The taps, first layers first.</summary>
    public required IReadOnlyList<TapDescription> Taps { get; init; }

    /// <summary>Names of the taps that make the embedding unless others are asked for, concatenated in this order.</summary>
    public required IReadOnlyList<string> Embedding { get; init; }

    /// <summary>Number of weights; 0 where not said.</summary>
    public long Parameters { get; init; }

    /// <summary>Multiply-adds per image; 0 where not said.</summary>
    public long Macs { get; init; }

    /// <summary>A golden embedding; null where there is none.</summary>
    public GoldenDescription? Golden { get; init; }

    /// <summary>The whole JSON it was read from, with what this library does not know, such as how it was trained.</summary>
    public string Json { get; init; } = "";

    /// <summary>Width of the default embedding.</summary>
    public int Width => Embedding.Sum(name => Taps.First(tap => tap.Name == name).Width);

    /// <summary>Reads a description file.</summary>
    /// <exception cref="BackboneException">It is absent or not a description; the message names file, field, what was expected.</exception>
    public static BackboneDescription Load(string path)
    {
        try
        {
            return Parse(System.IO.File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackboneException($"{path}: cannot be read ({e.Message}); expected a backbone's description", e);
        }
    }

    /// <summary>Reads a description; <paramref name="source"/> names it in messages.</summary>
    /// <exception cref="BackboneException">It is not a description.</exception>
    public static BackboneDescription Parse(string json, string source) => DescriptionReader.Read(json, source);
}
