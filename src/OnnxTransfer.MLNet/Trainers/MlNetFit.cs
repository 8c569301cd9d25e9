using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.MLNet;

/// <summary>One fit of one algorithm, settings checked.</summary>
internal sealed class MlNetFit(MlNetTrainer settings, Algorithm algorithm, Action<FitProgress>? progress, CancellationToken cancellation)
{
    private const string Cure = "a stronger L2, fewer Iterations or a smaller LearningRate, where it knows them, may help, or another trainer";

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<string> _notes = [];
    private readonly MLContext _ml = new(settings.Seed);

    public HeadFit<IHead> Run(EmbeddingSet set)
    {
        int threads = Chunks.Threads(settings.Threads ?? 0);
        set = FitCheck.Rows(set, threads);
        bool weighted = set.Weights.Distinct().Skip(1).Any();
        if (weighted && !algorithm.Weighted)
        {
            throw new FitException(
                $"{settings.Kind} knows no weights, and rows have weights from {set.Weights.Min()} to {set.Weights.Max()}; " +
                $"leave them out, or take one of {string.Join(", ", Algorithms.All.Where(other => other.Task == algorithm.Task && other.Weighted).Select(other => other.Name))}");
        }

        // Weights of 1 on average make ML.NET's sums over N rows the mean that L2 is meant beside; weights all alike are none.
        double mean = weighted ? set.Weights.Average() : 1;
        set = set with { Weights = weighted ? Array.ConvertAll(set.Weights, weight => weight / mean) : [] };
        var standardisation = algorithm.Standardises && settings.Standardise != false
            ? Standardisation.Of(set.Rows, set.Weights, scale: true, threads, cancellation).InSingle()
            : null;
        var rows = new PreparedRows(set.Rows, standardisation, cancellation);
        var (head, scores) = algorithm.Task == HeadTask.Values ? Values(set, rows, standardisation) : Classes(set, rows, standardisation);
        if (!scores.AllFinite)
        {
            throw new FitException($"{settings.Kind} ended with numbers that are not finite; {Cure}");
        }

        return new HeadFit<IHead>(head, new FitReport
        {
            Chosen = settings.L2 is { } l2 ? new Setting("L2", l2) : null,
            Seconds = _clock.Elapsed.TotalSeconds,
            Rows = set.Count,
            Settings = Given(),
            Notes = _notes,
        });
    }

    private (IHead Head, IScores Scores) Values(EmbeddingSet set, PreparedRows rows, Standardisation? standardisation)
    {
        OneTarget.Check(set, settings.LogTarget, settings.Kind);
        var scale = algorithm.LogLink ? TargetScale.Logarithmic(set) : TargetScale.Linear(set, settings.LogTarget);
        var model = Fit(new EmbeddingSet { Rows = rows, Targets = scale.Fitted, Weights = set.Weights }.ToDataView(), set, settings.Kind);
        var scores = ModelReading.Single([new ModelOutput(model.Model, model, scale.Unit, scale.Centre)], set.Width, standardisation);
        var link = algorithm.LogLink || settings.LogTarget ? Link.Exponential : Link.Identity;
        return (Head(scores, link, []), scores);
    }

    private (IHead Head, IScores Scores) Classes(EmbeddingSet set, PreparedRows rows, Standardisation? standardisation)
    {
        int[] present = [.. FitCheck.Labels(set).Index().Where(p => p.Item).Select(p => p.Index)];
        _notes.AddRange(ClassesWithoutRows.Note(set, present));
        if (algorithm.OneVersusAll)
        {
            var outputs = new ModelOutput?[set.Classes.Count];
            for (int c = 0; c < present.Length; c++)
            {
                outputs[present[c]] = Binary(set, rows, present[c], $"{settings.Kind}, class {c + 1} of {present.Length}");
            }

            var single = ModelReading.Single(outputs, set.Width, standardisation);
            return (Head(single, Link.OneVersusAll, set.Classes), single);
        }

        var view = new EmbeddingSet
        {
            Rows = rows,
            Labels = Array.ConvertAll(set.Labels, label => Array.BinarySearch(present, label)),
            Classes = [.. present.Select(c => set.Classes[c])],
            Weights = set.Weights,
        }.ToDataView();
        var scores = ModelReading.Multiclass(Fit(view, set, settings.Kind).Model, set.Classes.Count, present, set.Width, standardisation);
        return (Head(scores, Link.Softmax, set.Classes), scores);
    }

    // One class against all others, with the calibrator that makes a probability of its output.
    private ModelOutput Binary(EmbeddingSet set, PreparedRows rows, int label, string stage)
    {
        var numbers = new EmbeddingSet
        {
            Rows = rows,
            Targets = Array.ConvertAll(set.Labels, found => found == label ? 1.0 : 0.0),
            Weights = set.Weights,
        }.ToDataView();
        var view = _ml.Transforms.Conversion.ConvertType(EmbeddingColumns.Label, outputKind: DataKind.Boolean).Fit(numbers).Transform(numbers);
        var transformer = Fit(view, set, stage);
        var (model, calibrator) = transformer.Model is CalibratedModelParametersBase calibrated
            ? (calibrated.SubModel, (PlattCalibrator)calibrated.Calibrator)
            : (transformer.Model, Calibrate(transformer.Transform(view), Weight(set)));
        return new ModelOutput(model, transformer, -calibrator.Slope, -calibrator.Offset);
    }

    private PlattCalibrator Calibrate(IDataView scored, string? weight)
    {
        ISingleFeaturePredictionTransformer<PlattCalibrator> fitted =
            Guarded(() => _ml.BinaryClassification.Calibrators.Platt(exampleWeightColumnName: weight).Fit(scored));
        return fitted.Model;
    }

    private ISingleFeaturePredictionTransformer<object> Fit(IDataView view, EmbeddingSet set, string stage)
    {
        cancellation.ThrowIfCancellationRequested();
        var fit = new FitContext(_ml, settings, set.Count, Weight(set));
        var model = Guarded(() => algorithm.Make(fit).Fit(view));
        progress?.Invoke(new FitProgress(stage, 0, double.NaN));
        return model;
    }

    // ML.NET's own errors, in our words where a native library is missing (which ols calls not supported).
    private T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception e) when (algorithm.Native is not null && Causes(e).Any(cause => cause is DllNotFoundException or NotSupportedException))
        {
            throw new FitException($"{settings.Kind} needs the native library {algorithm.Native}; it was not found here: add the package, or take another trainer");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or ArithmeticException or AggregateException)
        {
            throw new FitException($"{settings.Kind}: ML.NET could not fit: {e.GetBaseException().Message}; {Cure}");
        }
    }

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }

    private static string? Weight(EmbeddingSet set) => set.Weights.Length == 0 ? null : EmbeddingColumns.Weight;

    private static IHead Head(IScores scores, Link link, IReadOnlyList<string> classes) => (scores, link) switch
    {
        (LinearScores linear, Link.Softmax) => new LinearHead(linear.Weights, linear.Bias, Activation.Softmax, classes),
        (LinearScores linear, Link.Identity) => new LinearHead(linear.Weights, linear.Bias, Activation.Identity, classes),
        (LinearScores linear, Link.Exponential) => new LinearHead(linear.Weights, linear.Bias, Activation.Exponential, classes),
        _ => new MlNetHead(scores, link, classes),
    };

    private Dictionary<string, string> Given()
    {
        var given = new Dictionary<string, string> { ["trainer"] = settings.Kind };
        void Add<T>(string name, T? value)
            where T : struct, IFormattable
        {
            if (value is { } known)
            {
                given[name] = known.ToString(null, CultureInfo.InvariantCulture);
            }
        }

        Add("iterations", settings.Iterations);
        Add("trees", settings.Trees);
        Add("leaves", settings.Leaves);
        Add("learningRate", settings.LearningRate);
        if (settings.Standardise == false)
        {
            given["standardise"] = "false";
        }

        if (settings.LogTarget)
        {
            given["logTarget"] = "true";
        }

        return given;
    }
}
