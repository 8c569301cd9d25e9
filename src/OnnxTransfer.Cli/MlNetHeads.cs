using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Heads;
#if HAS_MLNET
using OnnxTransfer.MLNet;
#endif

namespace OnnxTransfer.Cli;

/// <summary>ML.NET's trainers as <c>--head mlnet:NAME</c>, in a build whose NuGet source has ML.NET.</summary>
internal static class MlNetHeads
{
    /// <summary>What stands before a trainer's name.</summary>
    public const string Prefix = "mlnet:";

    /// <summary>What <c>--set</c> takes; not every trainer knows every one, and says so.</summary>
    public static IReadOnlyList<HeadSetting> Settings { get; } =
    [
        new("iterations", "passes over the rows, or steps", "ML.NET's"), new("trees", "trees per class", "ML.NET's"), new("leaves", "leaves of a tree", "ML.NET's"),
        new("learning-rate", "how far a step, or a tree, goes", "ML.NET's"), new("threads", "of the tree trainers, 0 for all", "1"),
        new("standardise", "bring every column to mean 0 and deviation 1 first: true or false", "true, for trees false"),
    ];

#if HAS_MLNET
    /// <summary>Whether this build has them.</summary>
    public static bool IsHere => true;

    /// <summary>Their names, without the prefix.</summary>
    public static IReadOnlyList<string> Names => MlNetTrainer.Names;

    /// <summary>For the list of heads.</summary>
    public static string About =>
        $"ML.NET's trainers, as {Prefix}NAME: for classes {string.Join(", ", MlNetTrainer.NamesFor(HeadTask.Classes))}; for values {string.Join(", ", MlNetTrainer.NamesFor(HeadTask.Values))}. "
        + $"They take --l2 and --set {string.Join(", ", Settings.Select(setting => setting.Name))} where ML.NET's trainer does.";

    /// <summary>The trainer of a name with its prefix, checked for the task.</summary>
    /// <exception cref="UsageException">There is none of that name, it cannot learn this, or a setting is not for it.</exception>
    public static IHeadTrainer Make(string name, HeadTask task, HeadRequest request)
    {
        try
        {
            var trainer = MlNetTrainer.ByName(name[Prefix.Length..]) with
            {
                L2 = request.L2,
                Iterations = request.Int("iterations"),
                Trees = request.Int("trees"),
                Leaves = request.Int("leaves"),
                LearningRate = request.Number("learning-rate", "a number above 0", value => value > 0),
                Threads = request.Int("threads"),
                Standardise = request.Flag("standardise"),
                Seed = (int)request.Seed,
                LogTarget = request.LogTarget,
            };
            trainer.Check(task);
            return trainer;
        }
        catch (FitException error)
        {
            throw new UsageException($"--head {name}: {error.Message}");
        }
    }
#else
    /// <summary>Whether this build has them.</summary>
    public static bool IsHere => false;

    /// <summary>Their names, without the prefix.</summary>
    public static IReadOnlyList<string> Names => [];

    /// <summary>For the list of heads.</summary>
    public static string About => $"{Prefix}NAME, ML.NET's trainers, is not in this build: {Missing}.";

    private static string Missing => "the NuGet source it was built from lacks packages of ML.NET 5.0.0";

    /// <summary>Says what this build lacks.</summary>
    public static IHeadTrainer Make(string name, HeadTask task, HeadRequest request) => throw new UsageException(
        $"--head {name}: this build has no ML.NET, because {Missing}; configure a source that has Microsoft.ML and the packages around it, run eng/bootstrap.sh and build again, or take another head");
#endif
}
