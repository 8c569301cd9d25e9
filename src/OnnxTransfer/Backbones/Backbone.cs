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
    private readonly OnnxModel _graph;
    private readonly DeviceSessions _sessions;

    private Backbone(BackboneDescription description, string sha256, BackboneTap[] taps, OnnxModel graph, DeviceSessions sessions)
    {
        Description = description;
        Sha256 = sha256;
        Taps = taps;
        _graph = graph;
        _sessions = sessions;
    }

    /// <summary>The description it was loaded by.</summary>
    public BackboneDescription Description { get; }

    /// <summary>Where it was found.</summary>
    internal CatalogueEntry Entry { get; private init; } = null!;

    /// <summary>How it was loaded.</summary>
    /// <summary>Number of the GPU it was loaded for, of several the first.</summary>
    public int Device => Settings.FirstDevice;

    internal BackboneSettings Settings { get; private init; } = null!;

    /// <summary>How runs share the cores, or the GPU, while many images are embedded.</summary>
    internal RunDivision Division { get; private init; } = null!;

    /// <summary>SHA-256 of the ONNX file, computed from it.</summary>
    public string Sha256 { get; }

    /// <summary>The taps in use; output i of <see cref="CreateBuffers"/> is tap i.</summary>
    public IReadOnlyList<BackboneTap> Taps { get; }

    /// <summary>D, the width of the whole embedding: the taps' vectors one after the other.</summary>
    public int Width => Taps.Sum(tap => tap.Width);

    /// <summary>
    /// Whether embeddings are divided by their Euclidean length, all taps together. <see cref="Run"/> gives the taps
    /// before that.
    /// </summary>
    public bool L2Normalize { get; private init; }

    /// <summary>What must be done to an image before its pixels are handed over.</summary>
    public PixelPreprocessing Preprocessing => Description.Preprocessing.Pixels;

    /// <summary>Rows of the pixels it wants.</summary>
    public int PixelHeight => Description.Input.Height;

    /// <summary>Columns of the pixels it wants.</summary>
    public int PixelWidth => Description.Input.Width;

    /// <summary>Images per run of <see cref="Run"/>. Embedding many may run other numbers: its report says which.</summary>
    public int BatchSize => _sessions.First.BatchSize;

    /// <summary>The provider really in use.</summary>
    public ExecutionProvider Provider => _sessions.First.All.Session.Provider;

    /// <summary>Why the CPU is in use where any provider would do; null otherwise.</summary>
    public string? ProviderNote => _sessions.First.All.Session.ProviderNote;

    /// <summary>
    /// fp32, fp16 or int8; tf32, or fp16 tf32, where a GPU was allowed to round what is fp32; with tensorrt before it where that
    /// ran it, which chooses other sums and always rounds.
    /// </summary>
    public string Precision { get; private init; } = "fp32";

    /// <summary>What a user should know of it: a file nobody could verify, a precision that gains nothing here.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

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
        return Open((settings.Catalogue ?? BackboneCatalogue.Default).Find(nameOrPath), provider, settings);
    }

    /// <summary>The same of an entry that is found already, whose description may name more taps than its file does.</summary>
    internal static Backbone Open(CatalogueEntry entry, ExecutionProvider provider, BackboneSettings settings)
    {
        var description = entry.Description;
        var sessionSettings = settings.SessionOn(provider, description);
        if (description.Precision.Length > 0 && settings.Precision != Backbones.Precision.Fp32)
        {
            throw new BackboneException($"backbone '{description.Name}': computes in {description.Precision}, and {settings.Precision.ToString().ToLowerInvariant()} was asked for; "
                + "leave the precision out, or take the float32 backbone it was made of");
        }

        var (model, sha256) = ModelFile.Read(entry);
        var taps = TapChoice.Of(description, settings);
        var graph = TapGraph.Of(model, entry, taps, settings.Precision);
        var asked = Math.Max(settings.BatchSize, description.Input.Batch);
        var division = RunDivision.OnCpu(asked, settings.Threads, MemoryNeed.Of(graph, Math.Max(1, description.Input.Batch)) / Math.Max(1, description.Input.Batch), MemoryNeed.Available);
        var sessions = new DeviceSessions(graph, taps, sessionSettings, settings.Devices, division.Threads);
        try
        {
            MemoryNeed.Check(graph, Math.Max(1, asked), sessions.First.All.Session.Provider);
            CheckWidths(sessions.First.All.Session, taps, entry.DescriptionPath);
        }
        catch
        {
            sessions.Dispose();
            throw;
        }

        var precision = PrecisionOn(sessions.First.All.Session.Provider, settings, description.Precision);
        var content = model.ContentHash ?? sha256;
        return new(description, sha256, [.. taps.Select(tap => tap with { Identity = Identity(description, content, tap, precision) })], graph, sessions)
        {
            Entry = entry,
            Settings = settings,
            Division = Divided(division, sessions, asked > 0),
            L2Normalize = settings.L2Normalize,
            Precision = precision,
            Notes = NotesOn(entry, model, sha256, sessions.First.All.Session, settings),
        };
    }

    /// <summary>Memory for one batch: <see cref="BatchSize"/> images of PixelHeight x PixelWidth x 3 bytes in, a row per image and tap out.</summary>
    public BatchBuffers CreateBuffers() => _sessions.First.Solo.CreateBuffers();

    /// <summary>The taps of the first <paramref name="count"/> images of <paramref name="buffers"/>, each for itself.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public void Run(BatchBuffers buffers, int count) => _sessions.First.Solo.Run(buffers, count);

    /// <summary>
    /// The graph from <c>pixels</c>, uint8 [N, H, W, 3], to the whole <c>embedding</c>, float [N, D], of length 1 where
    /// <see cref="L2Normalize"/> says so: what a head is attached to.
    /// </summary>
    public OnnxModel ToEmbeddingGraph() => TapGraph.Joined(_graph, Taps, Description.Input, L2Normalize);

    /// <summary>
    /// A further session, opened at its first use, from <c>pixels</c> to the whole <c>embedding</c> as in
    /// <see cref="ToEmbeddingGraph"/>, that runs as many images as it is given: for one at a time, which would cost a session
    /// of fixed batches a whole batch. The backbone's.
    /// </summary>
    internal OnnxSession Unbatched => _sessions.First.Unbatched(ToEmbeddingGraph);

    /// <summary>Unloads it; nothing of it may be running.</summary>
    public void Dispose() => _sessions.Dispose();

    /// <summary>How many GPUs run it; 1 on the CPU.</summary>
    internal int DeviceCount => _sessions.Count;

    /// <summary>A session for at least these taps, which are not empty, on the device at <paramref name="device"/> of <see cref="DeviceCount"/>.</summary>
    internal TapSession SessionFor(TapSet taps, int device = 0) => _sessions[device].For(taps);

    /// <summary>What a computation counts as in the cache.</summary>
    /// <param name="provider">What runs.</param>
    /// <param name="settings">What was asked for.</param>
    /// <param name="written">The precision that the graph itself is written in, such as int8; empty: that of the settings.</param>
    internal static string PrecisionOn(ExecutionProvider provider, BackboneSettings settings, string written = "")
    {
        var half = settings.Precision == Backbones.Precision.Fp16;
        var rounds = provider == ExecutionProvider.Cuda && settings.AllowTf32;
        return (provider, written.Length > 0) switch
        {
            (ExecutionProvider.TensorRT, true) => $"tensorrt {written}",
            (ExecutionProvider.TensorRT, false) => $"tensorrt {(half ? "fp16" : "tf32")}",
            (_, true) => rounds ? $"{written} tf32" : written,
            _ => half ? (rounds ? "fp16 tf32" : "fp16") : rounds ? "tf32" : "fp32",
        };
    }

    /// <summary>Holds what the runtime inferred against what the description says of each tap.</summary>
    private static void CheckWidths(OnnxSession session, BackboneTap[] taps, string descriptionPath)
    {
        foreach (var tap in taps)
        {
            if (session.OutputWidth(tap.OutputName) is var width && width != tap.Width)
            {
                throw new BackboneException($"{descriptionPath}: tap '{tap.Name}' is described as [{string.Join(", ", tap.Shape)}] with pooling {tap.Pooling}, "
                    + $"{tap.Width} wide, but the graph gives {width}; correct shape and width");
            }
        }
    }

    private static RunDivision Divided(RunDivision onCpu, DeviceSessions sessions, bool asked) => sessions.First.All.Session switch
    {
        { BatchSize: var batch } session when session.Provider.IsGpu() => RunDivision.OnGpu(batch, asked, sessions.Count),
        { BatchSize: > 0 and var batch } => onCpu with { Batch = batch, LargestBatch = batch, IsBatchFixed = true, Reason = asked ? onCpu.Reason : "the one batch that this graph runs" },
        _ => onCpu,
    };

    private static string[] NotesOn(CatalogueEntry entry, OnnxModel model, string sha256, OnnxSession session, BackboneSettings settings)
    {
        var notes = new List<string>();
        if (entry.Description.Sha256.Length == 0)
        {
            notes.Add($"{entry.ModelPath} is unverified: {entry.DescriptionPath} gives no hash to hold it against (its sha256 is {sha256})");
        }

        if (model.ContentHash is not null)
        {
            notes.Add($"{entry.ModelPath} keeps weights in files beside it, which its sha256 does not cover; the cache tells them apart by their content");
        }

        if (settings.Precision == Backbones.Precision.Fp16 && session.Provider == ExecutionProvider.Cpu)
        {
            notes.Add("fp16 gains no speed on a CPU, which computes in fp32 between the rounded numbers; it is for GPUs");
        }

        notes.AddRange(GpuNotes.Of(session, settings));
        if (entry.Description.Precision == "int8" && session.Provider.IsGpu())
        {
            notes.Add("int8 is for CPUs: CUDA computes what stands between its bytes in float32, slower than without them; the float32 network in fp16 is for GPUs");
        }

        return [.. notes];
    }

    private static string Identity(BackboneDescription description, string contentHash, BackboneTap tap, string precision)
    {
        static string List(IEnumerable<float> values) => string.Join(',', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
        var (input, preprocessing) = (description.Input, description.Preprocessing);
        return $"{contentHash} {tap.Tensor} {tap.Pooling} {input.Tensor} {input.Layout} {input.Channels} {input.Height}x{input.Width} "
            + $"mean {List(preprocessing.Mean)} std {List(preprocessing.Std)} {precision}";
    }
}
