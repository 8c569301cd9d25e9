using System.Globalization;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Training;

/// <summary>Tells, where a step does not fit into memory, how many rows would.</summary>
/// <param name="source">The network, for messages.</param>
/// <param name="rows">How the step's rows are dealt.</param>
/// <param name="build">The step graph of so many rows.</param>
/// <param name="free">Bytes of a GPU's memory before anything was loaded; null where there is no GPU, or it does not tell.</param>
internal sealed class StepMemory(string source, StepRows rows, Func<int, StepGraph> build, long? free)
{
    // Of a GPU's memory, what tensors may take beside the workspaces of its libraries.
    private const double ShareForTensors = 0.8;

    /// <summary>Bytes of a GPU's memory that are free; null where <paramref name="session"/> runs on none.</summary>
    public static long? FreeOn(SessionSettings session) =>
        session.Provider.IsGpu() && CudaApi.TryLoad(out var cuda) ? cuda.Memory(session.Device)?.Free : null;

    /// <summary>Bytes that are alive at once in a run, beside them the second buffer of all that is carried, and frozen weights.</summary>
    public static long Needed(StepGraph graph) =>
        MemoryNeed.Of(graph.Model, 1) + graph.CarriedBytes + (sizeof(float) * graph.Model.ParameterCount);

    /// <summary>Holds what is alive at once in a run of <paramref name="graph"/> against the host's memory.</summary>
    /// <exception cref="TrainingException">It is more than is <paramref name="available"/>.</exception>
    public void Check(StepGraph graph, long available)
    {
        if (Needed(graph) is var needed && needed > available)
        {
            throw new TrainingException(Say($"needs {needed / 1e9:F1} GB for its tensors; expected at most the {available / 1e9:F1} GB that this process may use", available));
        }
    }

    /// <summary>Whether an error says that a GPU's memory is too small.</summary>
    public static bool IsShort(Exception error) => GpuFault.IsOutOfMemory((error.InnerException ?? error).Message);

    /// <summary>The error for it, which says how many rows would fit.</summary>
    public TrainingException Short(Exception error) =>
        new(Say($"does not fit into the GPU's memory ({GpuFault.Brief((error.InnerException ?? error).Message)})", (long?)(ShareForTensors * free)), error);

    private string Say(FormattableString found, long? available)
    {
        int most = available is { } bytes ? Fitting(bytes) : rows.Part / 2;
        most = most < rows.Part ? most : rows.Part / 2;
        string cure = most == 0 ? "not even a row fits: train fewer layers, or on smaller inputs"
            : Part(most) is var part and > 0 ? $"about {most} rows fit: set MicroBatch = {part}, which takes the same steps in parts, or BatchSize"
            : $"about {most} rows fit: set BatchSize = {most}";
        return $"{source}: a step on {rows.Part} rows at once {found.ToString(CultureInfo.InvariantCulture)}; {cure}";
    }

    // The most rows that fit, by halves: each tried is a graph built, which is done only where a training has failed.
    private int Fitting(long available)
    {
        int fits = 0;
        for (int over = rows.Part + 1; over - fits > 1;)
        {
            int middle = (fits + over) / 2;
            (fits, over) = Needed(build(middle)) <= available ? (middle, over) : (fits, middle);
        }

        return fits;
    }

    // Parts of so many rows at most: equal ones where they are not much smaller, or must be; 0 where there are none.
    private int Part(int most)
    {
        int whole = rows.Whole ?? rows.Batch;
        int even = Enumerable.Range(1, most).LastOrDefault(part => whole % part == 0 && (part > 1 || rows.Whole is null));
        return rows.Whole is not null || 2 * even > most ? even : most;
    }
}
