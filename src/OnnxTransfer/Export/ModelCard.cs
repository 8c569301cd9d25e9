using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Heads;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Export;

/// <summary>
/// What a fused model says of itself, kept as JSON in the file's metadata under <see cref="MetadataKey"/>: all that is
/// needed to feed it and to read its answer, and where it came from.
/// </summary>
public sealed record ModelCard
{
    /// <summary>The metadata key.</summary>
    public const string MetadataKey = Onnx.ModelMetadata.CardKey;

    /// <summary>Version of this card's layout.</summary>
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Version of this card's layout.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>Class names in the order of the probabilities; empty for regression.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>What is answered: one class, any number of labels, or values.</summary>
    public HeadTask Task { get; init; }

    /// <summary>Names of the values in their order: "value" alone, "low", "value", "high", or the names of the targets; empty for classes.</summary>
    public IReadOnlyList<string> ValueNames { get; init; } = [];

    /// <summary>From decoded RGB pixels to the graph's uint8 input: resize, crop, interpolation.</summary>
    public required PixelPreprocessing Preprocessing { get; init; }

    /// <summary>How JPEG images became pixels when the head was fitted, and shall when it predicts.</summary>
    public JpegDecoding Jpeg { get; init; }

    /// <summary>True when each image's embedding is divided by its Euclidean length, in the graph, before anything is done with it.</summary>
    public bool L2Normalize { get; init; }

    /// <summary>True when all photos of a batch are one item, whose embeddings the graph averages: it answers with one row.</summary>
    public bool AveragesPhotos { get; init; }

    /// <summary>Names of the columns of the second input, <c>numbers</c>; empty when there is none.</summary>
    public IReadOnlyList<string> Numbers { get; init; } = [];

    /// <summary>The backbone within.</summary>
    public required CardBackbone Backbone { get; init; }

    /// <summary>How the head was fitted: its kind and settings.</summary>
    public IReadOnlyDictionary<string, string> Head { get; init; } = new Dictionary<string, string>();

    /// <summary>What it was fitted on.</summary>
    public CardData? Data { get; init; }

    /// <summary>Scores on the test split, by name.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>True when the answer is a number.</summary>
    [JsonIgnore]
    public bool IsRegression => Classes.Count == 0;

    /// <summary>The card as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a card.</summary>
    /// <exception cref="JsonException">Not a card.</exception>
    public static ModelCard Parse(string json) => JsonSerializer.Deserialize<ModelCard>(json, Json)!;
}

/// <summary>The backbone of a fused model.</summary>
/// <param name="Name">Its name in the catalogue.</param>
/// <param name="Sha256">Of its .onnx file.</param>
/// <param name="Taps">Taps whose embeddings the head takes, side by side, with their pooling.</param>
/// <param name="Source">Where it came from.</param>
/// <param name="Licence">Licence of its weights.</param>
/// <param name="Precision">Arithmetic the head was fitted on: fp32, fp16 (also that of this file), or tf32.</param>
public sealed record CardBackbone(string Name, string Sha256, IReadOnlyList<string> Taps, string Source, string Licence, string Precision = "fp32");

/// <summary>The data a head was fitted and measured on.</summary>
/// <param name="Source">The data set's path as it was given.</param>
/// <param name="Sha256">Over the contents of all images in data set order.</param>
/// <param name="Train">Items fitted on.</param>
/// <param name="Validation">Items the settings were chosen on.</param>
/// <param name="Test">Items measured on.</param>
public sealed record CardData(string Source, string Sha256, int Train, int Validation, int Test);
