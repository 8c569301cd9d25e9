using System.Globalization;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>
/// A frozen pretrained network, ready to embed: one session from uint8 pixels [N, H, W, 3] to one output per tap, computed
/// in one pass. Several threads may run it at once, each with its own buffers.
/// </summary>
public sealed class Backbone : IDisposable
{
    private readonly OnnxModel _tapGraph;
    private readonly OnnxSession _session;

    private Backbone(BackboneDescription description, BackboneTap[] taps, OnnxModel tapGraph, OnnxSession session, string precision)
    {
        Description = description;
        Taps = taps;
        _tapGraph = tapGraph;
        _session = session;
        Precision = precision;
    }

    /// <summary>The description it was loaded by.</summary>
    public BackboneDescription Description { get; }

    /// <summary>SHA-256 of the ONNX file.</summary>
    public string Sha256 => Description.Sha256;

    /// <summary>The taps in use; output i of <see cref="CreateBuffers"/> is tap i.</summary>
    public IReadOnlyList<BackboneTap> Taps { get; }

    /// <summary>D, the width of the whole embedding: the taps' vectors one after the other.</summary>
    public int Width => Taps.Sum(tap => tap.Width);

    /// <summary>What must be done to an image before its pixels are handed over.</summary>
    public PixelPreprocessing Preprocessing => Description.Preprocessing.Pixels;

    /// <summary>Rows of the pixels it wants.</summary>
    public int PixelHeight => Description.Input.Height;

    /// <summary>Columns of the pixels it wants.</summary>
    public int PixelWidth => Description.Input.Width;

    /// <summary>Images per run.</summary>
    public int BatchSize => _session.BatchSize;

    /// <summary>The provider really in use.</summary>
    public ExecutionProvider Provider => _session.Provider;

    /// <summary>Why the CPU is in use where any provider would do; null otherwise.</summary>
    public string? ProviderNote => _session.ProviderNote;

    /// <summary>fp32, or tf32 where a GPU was allowed to round.</summary>
    public string Precision { get; }

    /// <summary>
    /// Loads a backbone: a name of the catalogue, or the path of an .onnx file with its description beside it, or of the
    /// description.
    /// </summary>
    /// <exception cref="BackboneException">It is not there, its file is another than described, or a tap does not exist.</exception>
    /// <exception cref="OnnxException">Its file is not the ONNX graph described.</exception>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    public static Backbone Load(string nameOrPath, ExecutionProvider provider = ExecutionProvider.Auto, BackboneSettings? settings = null)
    {
        settings ??= new BackboneSettings();
        var entry = (settings.Catalogue ?? BackboneCatalogue.Default).Find(nameOrPath);
        var description = entry.Description;
        var model = ModelFile.Read(entry);
        var taps = TapChoice.Of(description, settings);
        var graph = TapGraph.Of(model, entry, taps);
        var session = Open(graph, settings.SessionOn(provider), taps, entry.DescriptionPath);
        var precision = session.Provider == ExecutionProvider.Cuda && settings.AllowTf32 ? "tf32" : "fp32";
        var content = model.ContentHash ?? description.Sha256;
        return new(description, [.. taps.Select(tap => tap with { Identity = Identity(description, content, tap, precision) })], graph, session, precision);
    }

    /// <summary>Memory for one batch: <see cref="BatchSize"/> images of PixelHeight x PixelWidth x 3 bytes in, a row per image and tap out.</summary>
    public BatchBuffers CreateBuffers() => _session.CreateBuffers();

    /// <summary>Embeds the first <paramref name="count"/> images of <paramref name="buffers"/>.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public void Run(BatchBuffers buffers, int count) => _session.Run(buffers, count);

    /// <summary>The graph from <c>pixels</c>, uint8 [N, H, W, 3], to the whole <c>embedding</c>, float [N, D]: what a head is attached to.</summary>
    public OnnxModel ToEmbeddingGraph() => Outputs.Concat(_tapGraph, [.. Taps.Select(t => t.OutputName)], "embedding");

    /// <summary>Unloads it; nothing of it may be running.</summary>
    public void Dispose() => _session.Dispose();

    /// <summary>Opens the session and holds what the runtime inferred against what the description says of each tap.</summary>
    private static OnnxSession Open(OnnxModel graph, SessionSettings settings, BackboneTap[] taps, string descriptionPath)
    {
        var session = OnnxSession.Open(graph, settings);
        for (var i = 0; i < taps.Length; i++)
        {
            var tap = taps[i];
            if (session.OutputWidth(tap.OutputName) is var width && width != tap.Width)
            {
                session.Dispose();
                throw new BackboneException($"{descriptionPath}: tap '{tap.Name}' is described as [{string.Join(", ", tap.Shape)}] with pooling {tap.Pooling}, "
                    + $"{tap.Width} wide, but the graph gives {width}; correct shape and width");
            }
        }

        return session;
    }

    private static string Identity(BackboneDescription description, string contentHash, BackboneTap tap, string precision)
    {
        static string List(IEnumerable<float> values) => string.Join(',', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
        var (input, preprocessing) = (description.Input, description.Preprocessing);
        return $"{contentHash} {tap.Tensor} {tap.Pooling} {input.Tensor} {input.Layout} {input.Channels} {input.Height}x{input.Width} "
            + $"mean {List(preprocessing.Mean)} std {List(preprocessing.Std)} {precision}";
    }
}
