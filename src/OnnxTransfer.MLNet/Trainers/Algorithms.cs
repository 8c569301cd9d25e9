using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>All trainers of ML.NET that are heads here.</summary>
internal static class Algorithms
{
    public const string NoOnnxForm = "ML.NET cannot write additive models (gam) as ONNX";

    public static IReadOnlyList<Algorithm> All { get; } = [.. LinearAlgorithms.All, .. TreeAlgorithms.All];

    /// <summary>Those of one name: at most one per task.</summary>
    public static Algorithm[] Named(string name)
    {
        Algorithm[] found = [.. All.Where(algorithm => algorithm.Name == name)];
        return found.Length > 0 ? found : throw new FitException($"ML.NET has no trainer '{name}' here; it has {Onnx.NearNames.List(name, Names())}");
    }

    /// <summary>Every name once, classifiers first.</summary>
    public static string[] Names(HeadTask? task = null) =>
        [.. All.Where(algorithm => task is null || algorithm.Task == task).OrderBy(algorithm => algorithm.Task).Select(algorithm => algorithm.Name).Distinct()];
}
