using Microsoft.ML;
using Microsoft.ML.Trainers;
using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>
/// ML.NET's trainers of linear models, and naive Bayes. A penalty is always L2/2 ||W||² beside the mean loss of the rows;
/// where ML.NET counts otherwise it is converted. L1, which ML.NET's L-BFGS has on by default, is off. Threads are always
/// one: sums of several depend on their timing.
/// </summary>
internal static class LinearAlgorithms
{
    // ML.NET's L-BFGS may go on for ever where nothing bounds the weights.
    private const int LbfgsIterations = 1000;

    private const Knobs Penalised = Knobs.L2 | Knobs.Iterations | Knobs.Standardise;

    public static IReadOnlyList<Algorithm> All { get; } =
    [
        new("lbfgs", HeadTask.Classes, Penalised, fit => fit.ML.MulticlassClassification.Trainers.LbfgsMaximumEntropy(fit.With(new LbfgsMaximumEntropyMulticlassTrainer.Options
        {
            L1Regularization = 0,
            L2Regularization = LbfgsL2(fit),
            MaximumNumberOfIterations = fit.Settings.Iterations ?? LbfgsIterations,
            NumberOfThreads = 1,
        }))),
        new("sdca", HeadTask.Classes, Penalised, fit => fit.ML.MulticlassClassification.Trainers.SdcaMaximumEntropy(fit.With(new SdcaMaximumEntropyMulticlassTrainer.Options
        {
            L2Regularization = (float?)fit.Settings.L2,
            MaximumNumberOfIterations = fit.Settings.Iterations,
            NumberOfThreads = 1,
        }))),
        new("sdca-noncalibrated", HeadTask.Classes, Penalised, fit => fit.ML.MulticlassClassification.Trainers.SdcaNonCalibrated(fit.With(new SdcaNonCalibratedMulticlassTrainer.Options
        {
            L2Regularization = (float?)fit.Settings.L2,
            MaximumNumberOfIterations = fit.Settings.Iterations,
            NumberOfThreads = 1,
        }))),
        new("averaged-perceptron", HeadTask.Classes, Penalised | Knobs.LearningRate, fit => fit.ML.BinaryClassification.Trainers.AveragedPerceptron(Averaged(fit, new AveragedPerceptronTrainer.Options())))
        {
            OneVersusAll = true,
            Weighted = false,
        },
        new("linear-svm", HeadTask.Classes, Penalised, fit =>
        {
            var options = fit.With(new LinearSvmTrainer.Options());
            options.Lambda = (float?)fit.Settings.L2 ?? options.Lambda;
            options.NumberOfIterations = fit.Settings.Iterations ?? options.NumberOfIterations;
            return fit.ML.BinaryClassification.Trainers.LinearSvm(options);
        }) { OneVersusAll = true },
        new("lbfgs-ova", HeadTask.Classes, Penalised, fit => fit.ML.BinaryClassification.Trainers.LbfgsLogisticRegression(fit.With(new LbfgsLogisticRegressionBinaryTrainer.Options
        {
            L1Regularization = 0,
            L2Regularization = LbfgsL2(fit),
            MaximumNumberOfIterations = fit.Settings.Iterations ?? LbfgsIterations,
            NumberOfThreads = 1,
        })))
        {
            OneVersusAll = true,
        },
        new("sgd", HeadTask.Classes, Penalised | Knobs.LearningRate, fit =>
        {
            var options = fit.With(new SgdCalibratedTrainer.Options { NumberOfThreads = 1 });
            options.L2Regularization = (float?)fit.Settings.L2 ?? options.L2Regularization;
            options.NumberOfIterations = fit.Settings.Iterations ?? options.NumberOfIterations;
            options.LearningRate = fit.Settings.LearningRate ?? options.LearningRate;
            return fit.ML.BinaryClassification.Trainers.SgdCalibrated(options);
        }) { OneVersusAll = true },
        new("naive-bayes", HeadTask.Classes, Knobs.Standardise, fit => fit.ML.MulticlassClassification.Trainers.NaiveBayes(featureColumnName: EmbeddingColumns.Embedding))
        {
            Weighted = false,
        },
        new("sdca", HeadTask.Values, Penalised, fit => fit.ML.Regression.Trainers.Sdca(fit.With(new SdcaRegressionTrainer.Options
        {
            L2Regularization = (float?)fit.Settings.L2,
            MaximumNumberOfIterations = fit.Settings.Iterations,
            NumberOfThreads = 1,

            // Of centred columns and targets the bias is 0; ML.NET's rate of 1 lets it grow without end where L2 x N is small.
            BiasLearningRate = fit.Settings.Standardise == false ? 1 : 0,
        }))),
        new("ogd", HeadTask.Values, Penalised | Knobs.LearningRate, fit => fit.ML.Regression.Trainers.OnlineGradientDescent(Averaged(fit, new OnlineGradientDescentTrainer.Options())))
        {
            Weighted = false,
        },
        new("lbfgs-poisson", HeadTask.Values, Penalised, fit => fit.ML.Regression.Trainers.LbfgsPoissonRegression(fit.With(new LbfgsPoissonRegressionTrainer.Options
        {
            L1Regularization = 0,
            L2Regularization = LbfgsL2(fit),
            MaximumNumberOfIterations = fit.Settings.Iterations ?? LbfgsIterations,
            NumberOfThreads = 1,
        })))
        {
            LogLink = true,
        },
        new("ols", HeadTask.Values, Knobs.L2 | Knobs.Standardise, fit =>
        {
            // Its penalty is the square of the option, times N, beside the sum of squared errors.
            var options = fit.With(new OlsTrainer.Options { CalculateStatistics = false });
            options.L2Regularization = (float?)Root(fit.Settings.L2) ?? options.L2Regularization;
            return fit.ML.Regression.Trainers.Ols(options);
        }) { Native = "MklImports, which the NuGet package Microsoft.ML.Mkl.Redist brings" },
    ];

    // ML.NET's L-BFGS adds the losses up, and by default its penalty is 1 beside their sum.
    private static float LbfgsL2(FitContext fit) => (float)(fit.Settings.L2 * fit.Rows ?? 1);

    private static T Averaged<T>(FitContext fit, T options)
        where T : AveragedLinearOptions
    {
        fit.With(options);
        options.L2Regularization = (float?)fit.Settings.L2 ?? options.L2Regularization;
        options.NumberOfIterations = fit.Settings.Iterations ?? options.NumberOfIterations;
        options.LearningRate = (float?)fit.Settings.LearningRate ?? options.LearningRate;
        return options;
    }

    private static double? Root(double? value) => value is null ? null : Math.Sqrt(value.Value);
}
