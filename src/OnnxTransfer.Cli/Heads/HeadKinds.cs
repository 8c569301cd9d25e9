using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli.Heads;

/// <summary>The heads of <c>--head</c>, in the order in which <c>auto</c> tries them: the quickest first.</summary>
internal static class HeadKinds
{
    public const string Auto = "auto";
    public const string Quantile = "quantile";

    private const string CoverageRange = "a part above 0 and below 1, such as 0.9";

    private static readonly HeadSetting CoverageSetting = new("coverage", "the part of the targets that the interval shall hold", "0.9");

    public static IReadOnlyList<HeadKind> All { get; } =
    [
        new("centroid", "the nearest class mean", [HeadTask.Classes],
            [new("distance", "euclidean or cosine", "euclidean"), HeadSetting.Standardise],
            request => new NearestCentroid
            {
                Distance = request.Choice<Distance>("distance") ?? Distance.Euclidean,
                Standardise = request.Flag("standardise") ?? true,
            }),
        new("lda", "linear discriminant analysis", [HeadTask.Classes],
            [new("shrinkage", "of the covariance towards its diagonal's mean, 0 to 1", "Ledoit and Wolf's estimate"), HeadSetting.Standardise],
            request => new LinearDiscriminant { Shrinkage = request.Number("shrinkage", "a number from 0 to 1", value => value is >= 0 and <= 1), Standardise = request.Flag("standardise") ?? true }),
        new("ridge", "least squares with an L2 penalty, in closed form", [HeadTask.Values], [HeadSetting.Standardise], request =>
        {
            var ridge = new RidgeRegression { L2 = request.L2, LogTarget = request.LogTarget, Standardise = request.Flag("standardise") ?? true };
            return ridge with { Search = request.Search(ridge.Search) };
        }) { HasL2 = true },
        new("logistic", "multinomial logistic regression, the linear probe; of several labels one each", [HeadTask.Classes, HeadTask.Labels],
            [new("path", "the L2 values tried: quick (15, ended when they worsen) or field (45, all of them, as in Ericsson et al. 2021)", "quick"), new("tolerance", "part of the first gradient at which the fit ends", "1e-4"), HeadSetting.Standardise],
            request =>
            {
                var logistic = new LogisticRegression { L2 = request.L2, Standardise = request.Flag("standardise") ?? true };
                return logistic with
                {
                    Tolerance = request.Number("tolerance", "a number above 0", value => value > 0) ?? logistic.Tolerance,
                    Search = request.Search(request.Choice<L2Values>("path") == L2Values.Field ? L2Search.Field : logistic.Search),
                };
            }) { HasL2 = true },
        new("huber", "a linear fit that outliers pull less", [HeadTask.Values],
            [new("epsilon", "errors beyond so many robust deviations count linearly, above 1", "1.35"), HeadSetting.Standardise],
            request =>
            {
                var huber = new HuberRegression { L2 = request.L2, LogTarget = request.LogTarget, Standardise = request.Flag("standardise") ?? true };
                return huber with { Epsilon = request.Number("epsilon", "a number above 1", value => value > 1) ?? huber.Epsilon, Search = request.Search(huber.Search) };
            }) { HasL2 = true, HasOneTarget = true },
        new(Quantile, "three linear quantiles: the median and an interval around it", [HeadTask.Values],
            [CoverageSetting, HeadSetting.Standardise],
            request =>
            {
                var quantile = new QuantileRegression { L2 = request.L2, LogTarget = request.LogTarget, Standardise = request.Flag("standardise") ?? true };
                return quantile with { Coverage = request.Number("coverage", CoverageRange, value => value is > 0 and < 1) ?? quantile.Coverage, Search = request.Search(quantile.Search) };
            }) { HasL2 = true, HasOneTarget = true, IsCandidate = false },
        new("knn", "the nearest embeddings of the fit, exactly", [HeadTask.Classes, HeadTask.Labels, HeadTask.Values],
            [
                new("neighbours", "how many", "chosen on validation"), new("distance", "euclidean or cosine", "euclidean"),
                new("weighting", "uniform, inverse-distance, or softmax (of cosine / 0.07)", "uniform"),
            ],
            request =>
            {
                var neighbours = new NearestNeighbours { Neighbours = request.Int("neighbours", 1), LogTarget = request.LogTarget };
                return neighbours with
                {
                    Distance = request.Choice<Distance>("distance") ?? neighbours.Distance,
                    Weighting = request.Choice<Weighting>("weighting") ?? neighbours.Weighting,
                    Search = neighbours.Search with { HeldOut = request.HeldOut, Seed = request.Seed },
                };
            }),
        new("svm", "linear support vector machine, squared hinge, one class against the rest", [HeadTask.Classes, HeadTask.Labels], [HeadSetting.Standardise], request =>
        {
            var svm = new LinearSvm { L2 = request.L2, Standardise = request.Flag("standardise") ?? true };
            return svm with { Search = request.Search(svm.Search) };
        }) { HasL2 = true },
        PerceptronKind.Kind,
    ];

    public static HeadKind ByName(string name) => All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new UsageException($"--head {name}: no such head; expected {Auto}, {string.Join(", ", All.Select(kind => kind.Name))} or {MlNetHeads.Prefix}NAME ('onnxtransfer heads' lists them)");

    /// <summary>What the interval of <see cref="Quantile"/> shall hold.</summary>
    public static double Coverage(IReadOnlyDictionary<string, string> settings) =>
        new HeadRequest(Quantile, ByName(Quantile).Settings, settings).Number(CoverageSetting.Name, CoverageRange, value => value is > 0 and < 1) ?? new QuantileRegression().Coverage;

    /// <summary>The head that is fitted where none is named.</summary>
    public static string DefaultFor(HeadTask task) => task == HeadTask.Values ? "ridge" : "logistic";

    private enum L2Values
    {
        Quick,
        Field,
    }
}
